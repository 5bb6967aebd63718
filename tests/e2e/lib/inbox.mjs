// inbox.mjs: what arrived and was not yet looked at. Tests wait for things, never for time: the
// patience below only decides how soon a missing thing is reported.

export const PATIENCE_MS = 15000;

export class Inbox {
  #items = [];
  #waiters = [];
  #end = null;

  push(item) {
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve(item);
    else this.#items.push(item);
  }

  // Nothing more will come: whoever still waits is told why.
  end(reason) {
    this.#end = reason;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(new Error(`ended: ${reason}`));
  }

  get length() {
    return this.#items.length;
  }

  next(what = 'something') {
    if (this.#items.length) return Promise.resolve(this.#items.shift());
    if (this.#end !== null) return Promise.reject(new Error(`no ${what}: ended: ${this.#end}`));
    let waiter;
    const arrival = new Promise((resolve, reject) => {
      waiter = { resolve, reject };
      this.#waiters.push(waiter);
    });
    return within(arrival, what).catch((error) => {
      this.#waiters = this.#waiters.filter((one) => one !== waiter);
      throw error;
    });
  }
}

// The promise, or an error that names what did not come.
export function within(promise, what, patience_ms = PATIENCE_MS) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), patience_ms);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}
