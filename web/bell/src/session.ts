// session.ts: between the connection and the feed. One session is one user on one server.
//
// Whenever the connection is (again) live the feed is read anew: publications are recovered by the protocol,
// read marks of other devices are not. Marks made without a connection wait here and are sent when it is back.
import { OrqestraClient } from '../../client/src/client';
import { OrqestraError } from '../../client/src/errors';
import type { RealtimeToken } from '../../client/src/types';
import { Feed, itemOf, type Item, type Mark } from './feed';

/** `failed`: connected, but the feed could not be read. */
export type State = 'connecting' | 'live' | 'offline' | 'refused' | 'failed';
export type GetToken = (userId: string) => Promise<RealtimeToken | string> | RealtimeToken | string;

export interface Identity {
    baseUrl?: string;
    tenantId?: string;
    userId?: string;
    token?: string;
    /** Names of the tenant's own channels, when no getToken tells them. */
    channels?: string[];
    getToken?: GetToken;
}

export interface Hooks {
    changed(): void;
    arrived(item: Item): void;
    /** In the words of `strings`. */
    failed(what: 'markFailed' | 'moreFailed' | 'loadFailed', error: Error): void;
}

const PAGE = 20;
const PAGE_MAX = 100;               // what the server gives at once
const REFRESHES_MAX = 3;
const PATIENCE_MS = 4000;           // still not connected: say so, and go on trying

export class Session {
    readonly feed = new Feed();
    state: State = 'connecting';
    reason = '';
    loaded = false;
    complete = false;
    loadingMore = false;

    #client: OrqestraClient;
    #userId: string;
    #closed = false;
    #news = new Set<string>();      // arrived since the last look at the server
    #stale = false;                 // something was read elsewhere meanwhile
    #patience: ReturnType<typeof setTimeout> | undefined;

    constructor(private identity: Identity, private hooks: Hooks) {
        this.#userId = identity.userId || subjectOf(identity.token);
        this.#client = new OrqestraClient({
            ...(identity.baseUrl ? { baseUrl: identity.baseUrl } : {}),
            ...(identity.tenantId ? { tenantId: identity.tenantId } : {}),
            getToken: this.#tokens(),
        });
        this.#client.onConnection((connection) => {
            if (connection.state === 'live') void this.#live();
            else if (connection.state === 'offline') this.#become('refused', connection.reason);
            else this.#wait(connection.state === 'reconnecting');
        });
        this.#client.onState((mark) => {
            this.#stale = true;
            this.feed.heardRead(mark.type === 'read' ? mark.id : null, mark.unread);
            this.hooks.changed();
        });
        // A refusal is told by onConnection as well.
        this.#client.connectRealtime(this.#userId, (data) => this.#arrive(itemOf(data))).catch(() => {});
        this.#wait(false);
    }

    close(): void {
        this.#closed = true;
        clearTimeout(this.#patience);
        this.#client.disconnectRealtime();
    }

    async more(): Promise<void> {
        if (this.loadingMore || this.complete || this.state !== 'live') return;
        this.loadingMore = true;
        this.hooks.changed();
        try {
            const rows = await this.#client.history({ limit: PAGE, offset: this.feed.items.length });
            this.feed.append(rows.map((row) => itemOf({ ...row })));
            this.complete = rows.length < PAGE;
        } catch (error) {
            this.hooks.failed('moreFailed', error as Error);
        }
        this.loadingMore = false;
        this.#changed();
    }

    /** Null: all. Shown at once; false when there was nothing to mark. */
    read(id: string | null): boolean {
        const mark = this.feed.mark(id);
        if (!mark) return false;
        this.#changed();
        if (this.state === 'live') void this.#send(mark);
        return true;
    }

    async #send(mark: Mark): Promise<void> {
        try {
            await (mark.id === null ? this.#client.markAllRead() : this.#client.markRead(mark.id));
            this.feed.marked(mark);
        } catch (error) {
            if (this.state !== 'live') return;      // it waits for the connection
            this.feed.unmark(mark);
            if (!this.#closed) this.hooks.failed('markFailed', error as Error);
        }
        this.#changed();
    }

    async #live(): Promise<void> {
        this.#become('live');
        await Promise.all(this.feed.marks.map((mark) => this.#send(mark)));
        await this.#refresh();
    }

    /** As much as is shown, anew. What happens meanwhile makes the answer old: then once more. */
    async #refresh(): Promise<void> {
        try {
            for (let n = 0; n < REFRESHES_MAX; n++) {
                this.#news.clear();
                this.#stale = false;
                const limit = Math.min(Math.max(PAGE, this.feed.items.length), PAGE_MAX);
                const [rows, unread] = await Promise.all([this.#client.history({ limit }), this.#client.unreadCount()]);
                this.feed.reset(rows.map((row) => itemOf({ ...row })), unread, this.#news);
                this.complete = rows.length < limit;
                this.loaded = true;
                if (this.#news.size === 0 && !this.#stale) break;
            }
        } catch (error) {
            if (this.state !== 'live') return;      // it begins anew with the connection
            if (!this.loaded) this.#become('failed', (error as Error).message);
            else if (!this.#closed) this.hooks.failed('loadFailed', error as Error);
        }
        this.#changed();
    }

    #arrive(item: Item): void {
        if (!this.feed.arrive(item)) return;
        this.#news.add(item.id);
        this.hooks.arrived(item);
        this.#changed();
    }

    #wait(lost: boolean): void {
        clearTimeout(this.#patience);
        if (lost || !navigator.onLine) return this.#become('offline');
        this.#become('connecting');
        this.#patience = setTimeout(() => this.#become('offline'), PATIENCE_MS);
    }

    #become(state: State, reason = ''): void {
        if (this.#closed) return;
        clearTimeout(this.#patience);
        this.state = state;
        this.reason = reason;
        this.#changed();
    }

    #changed(): void {
        if (!this.#closed) this.hooks.changed();
    }

    /** A token that was given is good for one try: when it is asked for again, it was refused or has expired. */
    #tokens(): (userId: string) => Promise<RealtimeToken | string> {
        let given = this.identity.token;
        const names = ['global_system', ...(this.identity.channels ?? [])];
        return async (userId) => {
            const token = given;
            given = undefined;
            if (token) return { token, channels: names.map((name) => `${name}#${userId}`) };
            if (this.identity.getToken) return this.identity.getToken(userId);
            throw new OrqestraError(401, 'the token has expired, and there is no getToken to ask for another');
        };
    }
}

/** The user a token was made for. Only to know which channels to ask for: the server judges the token itself. */
function subjectOf(token: string | undefined): string {
    try {
        const claims = (token ?? '').split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/');
        const bytes = Uint8Array.from(atob(claims), (letter) => letter.charCodeAt(0));
        return String(JSON.parse(new TextDecoder().decode(bytes)).sub ?? '');
    } catch {
        return '';
    }
}
