// What <orqestra-bell> promises. The words are explained in docs/bell.md.
export interface Item {
    readonly id: string;
    readonly eventType: string;
    readonly title: string;
    readonly body: string;
    readonly createdAt: Date;
    readonly read: boolean;
    readonly data?: Record<string, unknown>;
}

export interface RealtimeToken { token: string; channels: string[] }
export type GetToken = (userId: string) => Promise<RealtimeToken | string> | RealtimeToken | string;
export type RenderItem = (item: Item, context: { time: string; lang: string }) => Node | string;

export interface Strings {
    title: string;
    label: (unread: number) => string;
    readAll: string;
    close: string;
    unread: string;
    loading: string;
    empty: string;
    emptyHint: string;
    offline: string;
    offlineEmpty: string;
    refused: string;
    retry: string;
    markFailed: string;
    moreFailed: string;
    loadFailed: string;
    arrived: (title: string) => string;
}

export interface BellProperties {
    baseUrl?: string;
    tenantId?: string;
    userId?: string;
    token?: string;
    channels?: string;
    getToken?: GetToken;
    strings?: Partial<Strings>;
    renderItem?: RenderItem;
}

export interface BellEvents {
    'orqestra-notification': CustomEvent<{ item: Item }>;
    'orqestra-open': CustomEvent<object>;
    'orqestra-close': CustomEvent<object>;
    'orqestra-click': CustomEvent<{ item: Item }>;
    'orqestra-read': CustomEvent<{ id: string | null }>;
    'orqestra-count': CustomEvent<{ unread: number }>;
    'orqestra-error': CustomEvent<{ error: Error }>;
}

export class OrqestraBell extends HTMLElement implements BellProperties {
    baseUrl?: string;
    tenantId?: string;
    userId?: string;
    token?: string;
    channels?: string;
    getToken?: GetToken;
    strings?: Partial<Strings>;
    renderItem?: RenderItem;
    open: boolean;
    readonly unread: number;
    readonly items: readonly Item[];
    show(): void;
    hide(): void;
    retry(): void;
    markRead(id: string): void;
    markAllRead(): void;
}

declare global {
    interface HTMLElementTagNameMap { 'orqestra-bell': OrqestraBell }
}
