import { types } from "node:util";

import { intrinsicGetter, typedArrayPrototype } from "./intrinsics.ts";

const typedArrayBuffer = intrinsicGetter<ArrayBufferLike>(typedArrayPrototype, "buffer");
const dataViewBuffer = intrinsicGetter<ArrayBufferLike>(DataView.prototype, "buffer");

/**
 * Finds out in which ArrayBuffers several values of a message lie. Those travel whole, so that the values share one when
 * they arrive; of any other buffer, only the bytes of the view on it travel.
 *
 * That a buffer is shared shows only when the first value has been written. So the message is then written a second
 * time, with what is known.
 */
export class SharedBuffers {
  /**
   * Asking a small typed array for its buffer makes one, which costs more than all the rest: the first view of a
   * message is not asked before there is a second.
   */
  #firstView: ArrayBufferView | undefined;
  #met: Set<ArrayBufferLike> | undefined;
  #found: Set<ArrayBufferLike> | undefined;
  #known: Set<ArrayBufferLike> | undefined;

  /** Notes that the message has `view`. True if its buffer is known to be shared. */
  meetView(view: ArrayBufferView): boolean {
    if (this.#firstView === undefined && this.#met === undefined && this.#known === undefined) {
      this.#firstView = view;
      return false;
    }
    return this.meet(bufferOf(view));
  }

  /** Notes that a value of the message lies in `buffer`. True if it is known to be shared. */
  meet(buffer: ArrayBufferLike): boolean {
    // Memory of one process cannot be shared with another: each view arrives as its own bytes.
    if (types.isSharedArrayBuffer(buffer)) return false;
    this.#met ??= new Set(this.#firstView === undefined ? [] : [bufferOf(this.#firstView)]);
    if (this.#met.has(buffer)) (this.#found ??= new Set()).add(buffer);
    else this.#met.add(buffer);
    return this.#known?.has(buffer) ?? false;
  }

  /** True if shared buffers were found: the message is to be written again. */
  get wereFound(): boolean {
    return this.#found !== undefined;
  }

  /** Starts over with what was found. */
  useFound(): void {
    const known = this.#found;
    this.clear();
    this.#known = known;
  }

  /** Forgets everything. */
  clear(): void {
    this.#firstView = undefined;
    this.#met = undefined;
    this.#found = undefined;
    this.#known = undefined;
  }
}

/** The buffer of a view. */
export function bufferOf(view: ArrayBufferView): ArrayBufferLike {
  return types.isDataView(view) ? dataViewBuffer(view) : typedArrayBuffer(view);
}
