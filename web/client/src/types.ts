// types.ts: what the module promises to those who use it. Types only.

/** What a user may listen with: the answer of POST /api/v1/auth/realtime-token. */
export interface RealtimeToken {
    token: string;
    channels: string[];
}

export interface Settings {
    /** The server's address. Default: where the page came from. */
    baseUrl?: string;
    tenantId?: string;
    /** Asks your own backend, which holds the API key. A bare token means the user's personal channel. Throw what
     *  has `status` 401 or 403 to end the connection; anything else is tried again. */
    getToken?: (userId: string) => Promise<RealtimeToken | string>;
    /** For trusted places only (a tool, a kiosk, Node): whoever has it may send as the tenant. */
    apiKey?: string;
    /** Where there is no WebSocket of its own (Node before 22): the class of the `ws` package. */
    websocket?: unknown;
}

/** The data of a publication. */
export interface Notification {
    id: string;
    title: string;
    body: string;
    category: string;
    eventType: string;
    created_at: string;
    /** The event's variables; `dataOmitted` instead when they were too large. */
    data?: Record<string, unknown>;
    dataOmitted?: boolean;
    [more: string]: unknown;
}

/** A row of the history. */
export interface HistoryItem {
    id: string;
    type: string;
    title: string;
    body: string;
    status: 'UNREAD' | 'READ';
    created_at: string;
}

/** What was read elsewhere, or here: another tab, another device, the backend. */
export type ReadState = { type: 'read'; id: string; unread: number } | { type: 'readAll'; unread: 0 };

/** `live`: every channel is listened to. `missed`: the gap was too long to be filled; read the history again. */
export type Connection =
    | { state: 'connecting' | 'reconnecting' }
    | { state: 'live'; missed: boolean }
    | { state: 'offline'; reason: string };

export type Unsubscribe = () => void;
