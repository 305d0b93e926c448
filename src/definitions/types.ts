/** What a definition makes. */
export type DefinitionKind = "actor" | "task";

/** What names a definition in every process. */
export interface DefinitionIdentity {
  readonly kind: DefinitionKind;
  /** The `file:` URL of the module that registers it, without query. */
  readonly module: string;
  /** Unique in its module. */
  readonly name: string;
  /** Of the bytes of the module's file when its first definition was registered: sixteen hex digits. */
  readonly hash: string;
}

/** A class or function that other processes can find. */
export interface Definition extends DefinitionIdentity {
  /** The class or function itself, in this process. */
  readonly value: Function;
}

/** How a definition is named. */
export interface DefinitionOptions {
  /**
   * Unique in its module. Default: the own name of the class or function, and for one without a name its number among those,
   * `#1` for the first. Minified programs must give it, because the minifier of another build may choose another one.
   */
  readonly name?: string | undefined;
  /**
   * `import.meta.url` or the path of the module whose import registers the definition. Default: the module that calls. Bundled
   * programs and helpers that register for others give it.
   */
  readonly module?: string | undefined;
}
