// element.ts: <orqestra-bell>. Attributes in, events out; what is shown follows from the session and `open`.
import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Item } from './feed';
import { draw } from './icons';
import { place } from './place';
import { Session, type GetToken } from './session';
import { ENGLISH, type Strings } from './strings';
import { styles } from './styles';
import { Clock, languageOf } from './time';
import { empty, failed, offline, row, skeleton, type RenderItem } from './views';

const IDENTITY = ['baseUrl', 'tenantId', 'userId', 'token', 'getToken', 'channels'] as const;
const BADGE_MAX = 99;
const YOUNG_MS = 60_000;        // "12 seconds ago" ticks each second, "5 minutes ago" need not
const NEAR_END_PX = 240;

export class OrqestraBell extends LitElement {
    static override styles = styles;
    static override properties = {
        baseUrl: { attribute: 'base-url' }, tenantId: { attribute: 'tenant-id' }, userId: { attribute: 'user-id' },
        token: {}, channels: {}, getToken: { attribute: false }, strings: { attribute: false },
        renderItem: { attribute: false }, open: { type: Boolean, reflect: true },
    };

    declare baseUrl: string | undefined;
    declare tenantId: string | undefined;
    declare userId: string | undefined;
    declare token: string | undefined;
    /** The tenant's own channels by name, e.g. "orders billing"; getToken's answer may tell them instead. */
    declare channels: string | undefined;
    declare getToken: GetToken | undefined;
    declare strings: Partial<Strings> | undefined;
    declare renderItem: RenderItem | undefined;
    declare open: boolean;

    #session: Session | null = null;
    #clock = new Clock('en');
    #current: string | null = null;             // the item in the tab order
    #arrived = new Set<string>();
    #spoken = '';
    #notice = '';
    #tick: ReturnType<typeof setTimeout> | undefined;
    #wasOpen = false;
    #told = -1;

    constructor() {
        super();
        this.open = false;
    }

    // ---- for the page ----

    get unread(): number { return this.#session?.feed.unread ?? 0; }
    get items(): readonly Item[] { return this.#session?.feed.items ?? []; }

    show(): void {
        if (!this.open && this.#tell('orqestra-open')) this.open = true;
    }

    hide(): void {
        if (this.open && this.#tell('orqestra-close')) this.open = false;
    }

    markRead(id: string): void { this.#read(id); }
    markAllRead(): void { this.#read(null); }

    /** A new connection, for instance after the user has signed in again. */
    retry(): void {
        this.#session?.close();
        this.#session = null;
        this.#notice = '';
        this.#connect();
    }

    // ---- life ----

    override connectedCallback(): void {
        super.connectedCallback();
        document.addEventListener('pointerdown', this.#outside, true);
        document.addEventListener('visibilitychange', this.#again);
        addEventListener('resize', this.#replace);
        addEventListener('scroll', this.#replace, { capture: true, passive: true });
        if (this.hasUpdated) this.#connect();
    }

    override disconnectedCallback(): void {
        super.disconnectedCallback();
        document.removeEventListener('pointerdown', this.#outside, true);
        document.removeEventListener('visibilitychange', this.#again);
        removeEventListener('resize', this.#replace);
        removeEventListener('scroll', this.#replace, true);
        clearTimeout(this.#tick);
        this.#session?.close();
        this.#session = null;
    }

    override willUpdate(changed: PropertyValues): void {
        if (IDENTITY.some((name) => changed.has(name))) this.retry();
        const lang = languageOf(this);
        if (lang !== this.#clock.lang) this.#clock = new Clock(lang);
    }

    override updated(): void {
        if (this.open !== this.#wasOpen) this.#opened();
        else if (this.open) place(this.#panel, this.#bell);
        this.#keepTicking();
        if (this.unread !== this.#told) {
            this.#told = this.unread;
            this.#tell('orqestra-count', { unread: this.unread }, false);
        }
        if (this.open) this.#moreIfNear();
    }

    #opened(): void {
        this.#wasOpen = this.open;
        if (!this.open) return this.#panel.hidePopover?.();
        this.#panel.showPopover?.();
        place(this.#panel, this.#bell);
        (this.#rows()[0] ?? this.#panel).focus({ preventScroll: true });
    }

    /** Without a token, and without a way to get one, there is nothing to connect with yet. */
    #connect(): void {
        if (this.#session || !this.isConnected || (!this.token && !this.getToken)) return;
        const { baseUrl, tenantId, userId, token, getToken } = this;
        const channels = this.channels?.split(/[\s,]+/).filter(Boolean);
        this.#session = new Session({ baseUrl, tenantId, userId, token, getToken, channels }, {
            changed: this.#again,
            arrived: (item) => this.#hear(item),
            failed: (what, error) => {
                this.#notice = this.#words[what];
                this.#tell('orqestra-error', { error }, false);
            },
        });
    }

    #again = (): void => { this.requestUpdate(); };

    #keepTicking(): void {
        clearTimeout(this.#tick);
        if (!this.open || document.hidden || this.items.length === 0) return;
        const age = Date.now() - this.items[0]!.createdAt.getTime();
        this.#tick = setTimeout(this.#again, age < YOUNG_MS ? 1000 : YOUNG_MS / 2);
    }

    // ---- what happens ----

    #tell(name: string, detail: object = {}, cancelable = true): boolean {
        return this.dispatchEvent(new CustomEvent(name, { detail, cancelable, bubbles: true, composed: true }));
    }

    #hear(item: Item): void {
        this.#arrived.add(item.id);
        if (!this.#tell('orqestra-notification', { item })) return;
        this.#spoken = this.#words.arrived(item.title || item.eventType);
        const bell = this.renderRoot.querySelector('.bell');
        bell?.classList.remove('ringing');
        requestAnimationFrame(() => bell?.classList.add('ringing'));
    }

    #pick(item: Item): void {
        this.#current = item.id;
        if (this.#tell('orqestra-click', { item })) this.#read(item.id);
        this.requestUpdate();
    }

    #read(id: string | null): void {
        this.#notice = '';
        const waiting = id === null ? this.unread > 0 : this.#session?.feed.item(id)?.read === false;
        if (waiting && this.#tell('orqestra-read', { id })) this.#session?.read(id);
    }

    #outside = (event: Event): void => {
        if (this.open && !event.composedPath().includes(this)) this.hide();
    };

    #left(event: FocusEvent): void {
        const to = event.relatedTarget as Node | null;
        if (to && !this.contains(to) && !this.renderRoot.contains(to)) this.hide();
    }

    #replace = (): void => {
        if (this.open) place(this.#panel, this.#bell);
    };

    #moreIfNear(): void {
        const box = this.renderRoot.querySelector('.scroll');
        if (box && this.#session?.loaded && box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PX && !this.#notice) {
            void this.#session.more();
        }
    }

    #key(event: KeyboardEvent): void {
        if (event.key === 'Escape' && this.open) {
            event.stopPropagation();
            this.hide();
            if (!this.open) this.#bell.focus();
            return;
        }
        const rows = this.#rows();
        const at = rows.indexOf((this.renderRoot as ShadowRoot).activeElement as HTMLElement);
        const to = ({ ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : Math.max(0, at - 1), Home: 0, End: rows.length - 1 } as Record<string, number>)[event.key];
        const row = to === undefined ? undefined : rows[Math.min(to, rows.length - 1)];
        if (!this.open || !row) return;
        event.preventDefault();
        this.#current = row.dataset.id!;
        row.focus();
        this.requestUpdate();
    }

    // ---- what is shown ----

    get #words(): Strings { return { ...ENGLISH, ...this.strings }; }
    get #bell(): HTMLElement { return this.renderRoot.querySelector('.bell')!; }
    get #panel(): HTMLElement { return this.renderRoot.querySelector('.panel')!; }
    #rows(): HTMLElement[] { return [...this.renderRoot.querySelectorAll<HTMLElement>('.title')]; }

    override render(): TemplateResult {
        const words = this.#words;
        const { unread } = this;
        return html`
            <button type="button" class="bell" part="bell" aria-haspopup="dialog" aria-expanded=${this.open ? 'true' : 'false'}
                aria-controls="panel" aria-label=${words.label(unread)}
                @click=${() => (this.open ? this.hide() : this.show())} @keydown=${this.#key}>
                <slot name="icon">${draw('bell')}</slot>
                <span class="badge" part="badge" aria-hidden="true" ?hidden=${unread === 0}>${unread > BADGE_MAX ? `${BADGE_MAX}+` : unread}</span>
            </button>
            <div id="panel" class="panel" part="panel" popover="manual" role="dialog" aria-label=${words.title} tabindex="-1"
                ?hidden=${!this.open} @keydown=${this.#key} @focusout=${this.#left}>
                <div class="head" part="header">
                    <div class="head-title"><slot name="header"><h2>${words.title}</h2></slot></div>
                    <button type="button" class="action" part="read-all" aria-disabled=${unread ? 'false' : 'true'}
                        @click=${() => this.#read(null)}>${words.readAll}</button>
                    <button type="button" class="close" part="close" aria-label=${words.close}
                        @click=${() => { this.hide(); this.#bell.focus(); }}>${draw('close')}</button>
                </div>
                ${this.#noticeView()}
                <div class="scroll" part="scroll" @scroll=${() => this.#moreIfNear()}>${this.#content()}</div>
                <slot name="footer"></slot>
            </div>
            <div class="visually-hidden" role="status" aria-live="polite">${this.#spoken}</div>`;
    }

    #noticeView(): TemplateResult | typeof nothing {
        const words = this.#words;
        const session = this.#session;
        if (session?.loaded && session.state === 'refused') {
            return html`<div class="notice problem" part="notice" role="alert">${draw('error')}<span>${words.refused}</span>
                <button type="button" class="action" @click=${() => this.retry()}>${words.retry}</button></div>`;
        }
        if (session?.loaded && session.state === 'offline') {
            return html`<div class="notice" part="notice" role="status">${draw('offline')}<span>${words.offline}</span></div>`;
        }
        if (!this.#notice) return nothing;
        return html`<div class="notice problem" part="notice" role="alert">${draw('warning')}<span>${this.#notice}</span>
            <button type="button" class="action" @click=${() => { this.#notice = ''; this.requestUpdate(); }}>${words.close}</button></div>`;
    }

    #content(): TemplateResult {
        const strings = this.#words;
        const session = this.#session;
        if (!session || (!session.loaded && session.state === 'connecting')) return skeleton(strings);
        if (!session.loaded && (session.state === 'refused' || session.state === 'failed')) {
            return failed(strings, session.state === 'refused' ? strings.refused : strings.loadFailed, session.reason, () => this.retry());
        }
        if (!session.loaded && session.state === 'offline') return offline(strings);
        const { items } = session.feed;
        if (!session.loaded && items.length === 0) return skeleton(strings);
        if (items.length === 0) return empty(strings);
        const current = items.some(({ id }) => id === this.#current) ? this.#current : items[0]!.id;
        const now = Date.now();
        return html`<ul part="list" role="list" aria-label=${strings.title} aria-busy=${session.loadingMore ? 'true' : 'false'}>
            ${repeat(items, ({ id }) => id, (item) => row(item, {
                strings, clock: this.#clock, now, current: item.id === current, arrived: this.#arrived.has(item.id),
                renderItem: this.renderItem, pick: (picked) => this.#pick(picked),
            }))}</ul>${session.loadingMore ? skeleton(strings) : nothing}`;
    }
}
