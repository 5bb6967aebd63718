// feed.ts: what the user has been told, newest first, and what of it is unread. Plain data: no DOM, no network.
//
//   shown = what the server said  +  marks that are on their way
//
// A mark on its way is kept apart until the server has answered, so taking one back is forgetting it, and
// an answer that was under way while the user clicked cannot undo the click. An item can arrive twice, live
// and in a page; its id makes it one.

export interface Item {
    readonly id: string;
    readonly eventType: string;
    readonly title: string;
    readonly body: string;
    readonly createdAt: Date;
    readonly read: boolean;
    /** The event's variables: with what arrived live only. */
    readonly data?: Record<string, unknown>;
}

type Wire = { [name: string]: unknown };

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function dateOf(value: unknown): Date {
    const at = Date.parse(text(value));
    return new Date(Number.isNaN(at) ? Date.now() : at);
}

/** A row of the history, or the data of a publication: they differ in the name of the type, and in the status. */
export function itemOf(wire: Wire): Item {
    return {
        id: text(wire.id), eventType: text(wire.type ?? wire.eventType), title: text(wire.title), body: text(wire.body),
        createdAt: dateOf(wire.created_at), read: wire.status === 'READ',
        ...(wire.data && typeof wire.data === 'object' ? { data: wire.data as Record<string, unknown> } : {}),
    };
}

export interface Mark {
    /** Of one item, or all that are here (id null). */
    id: string | null;
    ids: Set<string>;
    /** How many unread it takes off the count. */
    count: number;
}

export class Feed {
    #items = new Map<string, Item>();
    #marks = new Set<Mark>();
    #unread = 0;
    #sorted: Item[] = [];

    get items(): readonly Item[] { return this.#sorted; }
    get marks(): readonly Mark[] { return [...this.#marks]; }

    get unread(): number {
        const marked = [...this.#marks].reduce((sum, { count }) => sum + count, 0);
        return Math.max(0, this.#unread - marked);
    }

    item(id: string): Item | undefined {
        return this.#sorted.find((item) => item.id === id);
    }

    /** What the server says now, and those `kept` that arrived after it looked. */
    reset(rows: Item[], unread: number, kept: ReadonlySet<string>): void {
        const late = [...this.#items.values()].filter(({ id }) => kept.has(id));
        const known = this.#items;
        this.#items = new Map([...late, ...rows.map((row) => ({ ...known.get(row.id), ...row }))].map((item) => [item.id, item]));
        this.#unread = unread;
        this.#settle();
    }

    /** A page of older ones. */
    append(rows: Item[]): void {
        for (const row of rows) if (!this.#items.has(row.id)) this.#items.set(row.id, row);
        this.#settle();
    }

    /** True when it is news. */
    arrive(item: Item): boolean {
        if (!item.id || this.#items.has(item.id)) return false;
        this.#items = new Map([[item.id, item], ...this.#items]);
        if (!item.read) this.#unread += 1;
        this.#settle();
        return true;
    }

    /** Something was read, here or elsewhere, and so many are unread now. */
    heardRead(id: string | null, unread: number): void {
        for (const mark of [...this.#marks]) if (id === null || mark.id === id) this.#marks.delete(mark);
        this.#setRead((item) => id === null || item.id === id);
        this.#unread = unread;
        this.#settle();
    }

    /** Null: there is nothing to mark. */
    mark(id: string | null): Mark | null {
        const ids = this.#sorted.filter((item) => !item.read && (id === null || item.id === id)).map((item) => item.id);
        const count = id === null ? this.unread : ids.length;
        if (count === 0) return null;
        const mark = { id, ids: new Set(ids), count };
        this.#marks.add(mark);
        this.#settle();
        return mark;
    }

    /** The server took it. When its live event was faster there is nothing left to do. */
    marked(mark: Mark): void {
        if (!this.#marks.delete(mark)) return;
        this.#setRead(({ id }) => mark.ids.has(id));
        this.#unread = Math.max(0, this.#unread - mark.count);
        this.#settle();
    }

    unmark(mark: Mark): void {
        this.#marks.delete(mark);
        this.#settle();
    }

    #setRead(which: (item: Item) => boolean): void {
        for (const item of this.#items.values()) if (which(item)) this.#items.set(item.id, { ...item, read: true });
    }

    #settle(): void {
        const marked = (id: string) => [...this.#marks].some(({ ids }) => ids.has(id));
        // Newest first is the order of the map already but for clocks; sorting is stable, so what happened within
        // one millisecond stays as the server has it.
        this.#sorted = [...this.#items.values()]
            .map((item) => (!item.read && marked(item.id) ? { ...item, read: true } : item))
            .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
    }
}
