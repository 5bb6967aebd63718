// view.ts: the feed on the page. What came over the wire goes in as text nodes, never as markup.
import { timeElement } from './ago';
import type { Item } from './feed';

const SVG = 'http://www.w3.org/2000/svg';
const KINDS: Record<string, string> = {
    'global.info': 'info', 'global.success': 'success', 'global.warning': 'warning',
    'global.alert': 'alert', 'global.error': 'error', 'order.confirmed': 'order',
};
const TOAST_MS = 5000;
const TOASTS_MAX = 3;

export const kindOf = (eventType: string): string => KINDS[eventType] ?? 'info';

/** An element with a class and children; strings become text. */
function element(tag: string, className: string, ...children: (Node | string)[]): HTMLElement {
    const e = document.createElement(tag);
    e.className = className;
    e.append(...children);
    return e;
}

export function icon(name: string): SVGSVGElement {
    const svg = document.createElementNS(SVG, 'svg');
    const use = document.createElementNS(SVG, 'use');
    use.setAttribute('href', `#icon-${name}`);
    svg.setAttribute('class', 'icon');
    svg.setAttribute('aria-hidden', 'true');
    svg.append(use);
    return svg;
}

function medallion(item: Item): HTMLElement {
    const e = element('span', 'medallion', icon(kindOf(item.eventType)));
    e.dataset.kind = kindOf(item.eventType);
    return e;
}

function row(item: Item): HTMLElement {
    const button = element('button', 'item',
        medallion(item),
        element('span', 'words',
            element('span', 'item-title', item.title || item.eventType),
            element('span', 'item-body', item.body),
            element('span', 'meta', element('span', 'type', item.eventType), timeElement(item.createdAt))),
        element('span', 'mark', element('span', 'visually-hidden', 'Unread. Press to mark as read.')));
    (button as HTMLButtonElement).type = 'button';
    const li = element('li', 'row', button);
    li.dataset.id = item.id;
    return li;
}

export class FeedView {
    #rows = new Map<string, HTMLElement>();

    constructor(private list: HTMLElement, private empty: HTMLElement, onPick: (id: string) => void) {
        list.addEventListener('click', (event) => {
            const id = (event.target as Element).closest<HTMLElement>('li')?.dataset.id;
            if (id) onPick(id);
        });
    }

    /** Brings the list to what items say; rows that stay are not touched, so focus stays too. */
    show(items: readonly Item[]): void {
        const wanted = new Set(items.map((item) => item.id));
        for (const [id, li] of this.#rows)
            if (!wanted.has(id)) { li.remove(); this.#rows.delete(id); }
        let place = this.list.firstElementChild;
        for (const item of items) {
            const li = this.#rows.get(item.id) ?? row(item);
            this.#rows.set(item.id, li);
            li.dataset.state = item.read ? 'read' : 'unread';
            li.querySelector<HTMLElement>('.mark')!.hidden = item.read;
            if (li === place) place = place.nextElementSibling;
            else this.list.insertBefore(li, place);
        }
        this.empty.hidden = items.length > 0;
    }

    arrived(item: Item): void { this.#rows.get(item.id)?.classList.add('arrived'); }

    focus(id: string): void {
        const button = this.#rows.get(id)?.querySelector<HTMLElement>('button');
        button?.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
        button?.focus({ preventScroll: true });
    }
}

export function showUnread(count: number, bell: HTMLElement, badge: HTMLElement): void {
    badge.textContent = count > 99 ? '99+' : String(count);
    badge.hidden = count === 0;
    bell.setAttribute('aria-label', count === 0 ? 'No unread notifications'
        : `${count} unread notification${count === 1 ? '' : 's'}. Go to the newest.`);
    document.title = `${count > 0 ? `(${count}) ` : ''}Live demo · Orqestra`;
}

export function toast(item: Item, toasts: HTMLElement): void {
    const close = element('button', 'toast-close', icon('close')) as HTMLButtonElement;
    close.type = 'button';
    close.setAttribute('aria-label', 'Dismiss');
    const card = element('div', 'toast card', medallion(item),
        element('span', 'words', element('strong', '', item.title || item.eventType), element('span', 'item-body', item.body)),
        close);
    const leave = () => card.remove();
    let timer = setTimeout(leave, TOAST_MS);
    close.addEventListener('click', leave);
    card.addEventListener('mouseenter', () => clearTimeout(timer));
    card.addEventListener('mouseleave', () => { timer = setTimeout(leave, TOAST_MS); });
    toasts.prepend(card);
    while (toasts.childElementCount > TOASTS_MAX) toasts.lastElementChild!.remove();
}
