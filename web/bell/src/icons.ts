// icons.ts: line icons on a 24 grid, drawn for this bell.
import { svg, type SVGTemplateResult } from 'lit';

const PATHS = {
    bell: svg`<path d="M5 17.2c1.5-1.6 2-3.2 2-6.2a5 5 0 0 1 10 0c0 3 .5 4.6 2 6.2zM10 20.2a2.2 2.2 0 0 0 4 0M12 6V4.2"/>`,
    message: svg`<path d="M4.5 6.5h15v10h-7l-4 3.5v-3.5h-4zM8.5 10.2h7M8.5 13h4.5"/>`,
    info: svg`<circle cx="12" cy="12" r="8"/><path d="M12 11.2v4.6M12 8.2v.01"/>`,
    success: svg`<circle cx="12" cy="12" r="8"/><path d="m8.6 12.3 2.3 2.3 4.5-4.9"/>`,
    warning: svg`<path d="M12 4.8 4 18.8h16zM12 10v4M12 16.4v.01"/>`,
    alert: svg`<path d="M4.5 13.8v-3.6l10.5-4.2v12zM7.5 15v3.6h2.6v-2.7M18 9.6a3.8 3.8 0 0 1 0 4.8"/>`,
    error: svg`<circle cx="12" cy="12" r="8"/><path d="m9.2 9.2 5.6 5.6M14.8 9.2l-5.6 5.6"/>`,
    order: svg`<path d="M5.8 8.2h12.4l-.9 11H6.7zM9 10.4V7.6a3 3 0 0 1 6 0v2.8"/>`,
    offline: svg`<path d="M4 9.5a12 12 0 0 1 16 0M7 13a7.5 7.5 0 0 1 10 0M10 16.3a3 3 0 0 1 4 0M12 19.3v.01M4.5 4.5l15 15"/>`,
    close: svg`<path d="m6.5 6.5 11 11M17.5 6.5l-11 11"/>`,
};

export type Icon = keyof typeof PATHS;
const KINDS: readonly Icon[] = ['info', 'success', 'warning', 'alert', 'error', 'order'];

/** `global.warning` is a warning, `order.shipped` an order; what says nothing of itself is a message. */
export function kindOf(eventType: string): Icon {
    const words = eventType.toLowerCase().split(/[._-]/);
    return KINDS.find((kind) => words.includes(kind)) ?? 'message';
}

export const draw = (icon: Icon): SVGTemplateResult =>
    svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${PATHS[icon]}</svg>`;
