//! Link settings of the addon (crates/klaw-node): symbols of Node-API are looked up in the host when it is loaded.

fn main() {
    napi_build::setup();
}
