// views.ts: the parts of the panel, as templates. Every text that came over the wire is a text node.
import { html, nothing, type TemplateResult } from 'lit';
import type { Item } from './feed';
import { draw, kindOf } from './icons';
import { piecesOf } from './links';
import type { Strings } from './strings';
import type { Clock } from './time';

/** What an application's own `renderItem` may use, and may return. */
export interface ItemContext { time: string; lang: string }
export type RenderItem = (item: Item, context: ItemContext) => Node | string | TemplateResult;

export interface RowOptions {
    strings: Strings;
    clock: Clock;
    now: number;
    /** The one row in the tab order; arrows reach the others. */
    current: boolean;
    arrived: boolean;
    renderItem: RenderItem | undefined;
    pick(item: Item, event: Event): void;
}

function linked(text: string): unknown[] {
    return piecesOf(text).map((piece) => (typeof piece === 'string' ? piece
        : html`<a href=${piece.href} target=${/^http/i.test(piece.href) ? '_blank' : nothing} rel="noopener noreferrer">${piece.text}</a>`));
}

const standard = (item: Item, title: unknown, { clock, now }: RowOptions) => html`
    <span class="medal ${kindOf(item.eventType)}" part="item-icon">${draw(kindOf(item.eventType))}</span>
    <div class="words">
        ${title}
        ${item.body ? html`<p class="body" part="item-body" id="body-${item.id}" dir="auto">${linked(item.body)}</p>` : nothing}
        <time part="item-time" id="time-${item.id}" datetime=${item.createdAt.toISOString()}
            title=${clock.exact(item.createdAt)}>${clock.ago(item.createdAt, now)}</time>
    </div>`;

export function row(item: Item, options: RowOptions): TemplateResult {
    const { strings, clock, now, current, arrived, renderItem, pick } = options;
    const own = renderItem?.(item, { time: clock.ago(item.createdAt, now), lang: clock.lang });
    const words = item.title || item.eventType;
    const title = html`<button type="button" part="item-title" dir="auto" data-id=${item.id} tabindex=${current ? 0 : -1}
        class="title" aria-describedby=${own === undefined ? `${item.body ? `body-${item.id} ` : ''}time-${item.id}` : nothing}
        @click=${(event: Event) => pick(item, event)}
        ><span class=${own === undefined ? '' : 'visually-hidden'}>${words}</span>${item.read ? nothing
            : html`<span class="visually-hidden">, ${strings.unread}</span>`}</button>`;
    return html`<li class="item ${item.read ? 'read' : 'unread'} ${arrived ? 'arrived' : ''}" data-id=${item.id}
        part="item ${item.read ? 'item-read' : 'item-unread'}">
        ${own === undefined ? standard(item, title, options) : html`<div class="custom" part="item-custom">${own}${title}</div>`}
        <span class="dot" part="item-dot" aria-hidden="true"></span></li>`;
}

export const skeleton = (strings: Strings): TemplateResult => html`
    <div class="bones" part="loading" role="status"><span class="visually-hidden">${strings.loading}</span>
        ${[1, 2, 3, 4].map(() => html`<div class="bone" aria-hidden="true"><i></i><div><i></i><i></i></div></div>`)}</div>`;

export const empty = (strings: Strings): TemplateResult => html`
    <slot name="empty"><div class="plain" part="empty">${draw('bell')}<strong>${strings.empty}</strong><p>${strings.emptyHint}</p></div></slot>`;

export const offline = (strings: Strings): TemplateResult => html`
    <div class="plain" part="offline" role="status">${draw('offline')}<p>${strings.offlineEmpty}</p></div>`;

export const failed = (strings: Strings, what: string, reason: string, retry: () => void): TemplateResult => html`
    <div class="plain" part="error" role="alert">${draw('error')}<p title=${reason || nothing}>${what}</p>
        <button type="button" class="action" @click=${retry}>${strings.retry}</button></div>`;
