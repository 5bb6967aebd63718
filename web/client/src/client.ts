// client.ts: one user's live connection, on the official centrifuge client.
//
//   connectRealtime ─► getToken ─► token, channels ─► connect ─► subscribe to each, and to the user's read marks
//                         ▲                                         │
//                         └── again before the token expires ◄──────┘   (and when it was refused)
//
// Reconnecting, backing off and recovering what was missed are centrifuge's and the server's business; this
// file never disables any of it. Every answer of getToken may name more channels: those are joined then.
import { Centrifuge, UnauthorizedError, type Subscription } from 'centrifuge';
import { OrqestraError, isFinal } from './errors.js';
import { fetchToken } from './token.js';
import type { Connection, HistoryItem, Notification, ReadState, RealtimeToken, Settings, Unsubscribe } from './types.js';

type Listener<T> = (value: T) => void;

/** A callback that throws is the application's bug: shown as any other, and no reason to stop hearing. */
class Listeners<T> {
    #all = new Set<Listener<T>>();

    add(listener: Listener<T>): Unsubscribe {
        const own: Listener<T> = (value) => listener(value);
        this.#all.add(own);
        return () => void this.#all.delete(own);
    }

    tell(value: T): void {
        for (const listener of [...this.#all]) {
            try {
                listener(value);
            } catch (error) {
                setTimeout(() => { throw error; });
            }
        }
    }
}

export class OrqestraClient {
    #settings: Settings = {};
    #session: Session | null = null;
    #states = new Listeners<ReadState>();
    #connections = new Listeners<Connection>();

    constructor(settings: Settings = {}) {
        this.configure(settings);
    }

    /** For connections from now on. */
    configure(settings: Settings): void {
        this.#settings = { ...settings };
    }

    requestRealtimeToken(userId: string): Promise<RealtimeToken> {
        return fetchToken(this.#settings, baseOf(this.#settings), userId);
    }

    /** Resolves when every channel is listened to, or disconnectRealtime came first; rejects when the user is
     *  refused. A network that fails is neither: that is tried again. A second call ends the connection of the first. */
    connectRealtime(userId: string, onNotification: Listener<Notification>): Promise<void> {
        this.disconnectRealtime();
        const settings = this.#settings;
        const heard = new Listeners<Notification>();
        heard.add(onNotification);
        this.#session = new Session(settings, userId, heard, this.#states, this.#connections);
        return this.#session.open();
    }

    disconnectRealtime(): void {
        this.#session?.close();
        this.#session = null;
    }

    /** Read marks, from wherever they are made. */
    onState(listener: Listener<ReadState>): Unsubscribe {
        return this.#states.add(listener);
    }

    onConnection(listener: Listener<Connection>): Unsubscribe {
        return this.#connections.add(listener);
    }

    async history(page: { limit?: number; offset?: number } = {}): Promise<HistoryItem[]> {
        return (await this.#call('feed.list', page)).data;
    }

    async markRead(id: string): Promise<void> {
        await this.#call('feed.read', { id });
    }

    /** How many had been unread. */
    async markAllRead(): Promise<number> {
        return (await this.#call('feed.readAll', {})).count;
    }

    async unreadCount(): Promise<number> {
        return (await this.#call('feed.unreadCount', {})).unread;
    }

    #call(method: string, data: unknown): Promise<any> {
        if (!this.#session) return Promise.reject(new OrqestraError(0, 'connectRealtime() comes first'));
        return this.#session.call(method, data);
    }
}

/** The server's address with its path, if it has one, closed by a slash. */
function baseOf({ baseUrl }: Settings): URL {
    const page = typeof location === 'undefined' ? undefined : location.origin;
    if (!baseUrl && !page) throw new OrqestraError(422, 'configure() needs a baseUrl outside of a browser');
    return new URL(`${(baseUrl ?? page!).replace(/\/+$/, '')}/`, page);
}

function socketUrl(base: URL): string {
    const url = new URL('connection/websocket', base);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return url.href;
}

/** One connectRealtime, from its call to its end. */
class Session {
    #base: URL;
    #centrifuge: Centrifuge;
    #settled = { resolve: () => {}, reject: (_: Error) => {} };
    #wasLive = false;
    #missed = false;
    #refusal: Error | null = null;

    constructor(
        private settings: Settings, private userId: string, private heard: Listeners<Notification>,
        private states: Listeners<ReadState>, private connections: Listeners<Connection>,
    ) {
        this.#base = baseOf(settings);
        this.#centrifuge = new Centrifuge(socketUrl(this.#base), {
            getToken: () => this.#token(), ...(settings.websocket ? { websocket: settings.websocket } : {}),
        });
        this.#centrifuge.on('connecting', () => this.connections.tell({ state: this.#wasLive ? 'reconnecting' : 'connecting' }));
        this.#centrifuge.on('disconnected', ({ reason }) => this.#ended(reason));
    }

    open(): Promise<void> {
        const live = new Promise<void>((resolve, reject) => { this.#settled = { resolve, reject }; });
        this.#centrifuge.connect();
        return live;
    }

    close(): void {
        this.#settled.resolve();
        this.#centrifuge.disconnect();
    }

    /** Waits for the connection while it is being made. */
    async call(method: string, data: unknown): Promise<any> {
        try {
            return (await this.#centrifuge.rpc(method, data)).data;
        } catch (error) {
            const { code, message } = error as { code?: number; message?: string };
            throw new OrqestraError(code === 404 ? 404 : 0, message ?? String(error));
        }
    }

    async #token(): Promise<string> {
        try {
            const { token, channels } = await fetchToken(this.settings, this.#base, this.userId);
            for (const channel of channels) this.#listen(channel, ({ data }) => this.heard.tell(data));
            this.#listen(`global_state#${this.userId}`, ({ data }) => this.states.tell(data));
            return token;
        } catch (error) {
            if (!isFinal(error)) throw error;
            this.#refusal = error as Error;
            throw new UnauthorizedError((error as Error).message);
        }
    }

    #listen(channel: string, arrived: (context: { data: any }) => void): void {
        if (this.#centrifuge.getSubscription(channel)) return;
        const subscription = this.#centrifuge.newSubscription(channel);
        subscription.on('publication', arrived);
        subscription.on('subscribed', ({ wasRecovering, recovered }) => {
            this.#missed ||= wasRecovering && !recovered;
            this.#maybeLive();
        });
        subscription.on('unsubscribed', ({ reason }) => this.#refused(subscription, reason));
        subscription.subscribe();
    }

    get #subscriptions(): Subscription[] {
        return Object.values(this.#centrifuge.subscriptions());
    }

    #maybeLive(): void {
        if (!this.#subscriptions.every(({ state }) => state === 'subscribed')) return;
        this.#wasLive = true;
        const missed = this.#missed;
        this.#missed = false;
        this.connections.tell({ state: 'live', missed });
        this.#settled.resolve();
    }

    /** Before it was ever live a refusal is the caller's to know, rather than to wait for what never comes. Later
     *  it is a channel that was taken away: the others go on. */
    #refused(subscription: Subscription, reason: string): void {
        if (this.#wasLive) return this.#centrifuge.removeSubscription(subscription);
        this.#refusal = new OrqestraError(403, `${subscription.channel}: ${reason}`);
        return this.#centrifuge.disconnect();
    }

    #ended(reason: string): void {
        this.connections.tell({ state: 'offline', reason: this.#refusal?.message ?? reason });
        this.#settled.reject(this.#refusal ?? new OrqestraError(0, reason));
    }
}
