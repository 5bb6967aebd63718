// feed.ts: what the user has been told, newest first. Plain data: no DOM, no network.
//
// An item can arrive twice, live and in the history; its id makes it one. "Read" only ever goes
// forward here, so a history answer that was on its way while the user clicked cannot undo the click.

export interface Item {
    id: string;
    eventType: string;
    title: string;
    body: string;
    createdAt: number;      // ms since 1970
    read: boolean;
}

const ITEMS_MAX = 200;      // what a page can show with ease; the server keeps the rest

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const time = (value: unknown): number => Date.parse(text(value)) || Date.now();

type Wire = Record<string, unknown>;

/** A row of GET /api/v1/notifications/{tenant}/{user}. */
export function itemFromHistory(row: Wire): Item {
    return {
        id: text(row.id), eventType: text(row.type), title: text(row.title), body: text(row.body),
        createdAt: time(row.created_at), read: row.status === 'READ',
    };
}

/** The data of a publication. */
export function itemFromPublication(data: Wire): Item {
    return {
        id: text(data.id), eventType: text(data.eventType), title: text(data.title), body: text(data.body),
        createdAt: time(data.created_at), read: false,
    };
}

export class Feed {
    #items = new Map<string, Item>();
    #sorted: Item[] = [];

    constructor(private changed: () => void) {}

    get items(): readonly Item[] { return this.#sorted; }
    get unread(): Item[] { return this.#sorted.filter((item) => !item.read); }

    /** Returns those that were not here before. */
    merge(arrivals: Item[]): Item[] {
        const fresh = arrivals.filter(({ id }) => id !== '' && !this.#items.has(id));
        for (const item of arrivals) {
            const known = this.#items.get(item.id);
            if (known) known.read ||= item.read;
            else if (item.id !== '') this.#items.set(item.id, item);
        }
        // Ids are time-ordered: they settle what happened within one millisecond.
        this.#sorted = [...this.#items.values()]
            .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
        for (const old of this.#sorted.splice(ITEMS_MAX)) this.#items.delete(old.id);
        this.changed();
        return fresh;
    }

    setRead(id: string, read: boolean): void {
        const item = this.#items.get(id);
        if (!item || item.read === read) return;
        item.read = read;
        this.changed();
    }
}
