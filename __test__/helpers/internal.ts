/** What tests use of the package's insides: the way by which a process gets its first ends. */
export { channelId, openReceiver, openSender } from "../../dist/channel/address.js";
