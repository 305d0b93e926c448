type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles if the types are the same: `same<typeof value, number>()`. */
export function same<A, B>(..._proof: Same<A, B> extends true ? [] : ["these are different types"]): void {}
