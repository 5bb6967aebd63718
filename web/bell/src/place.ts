// place.ts: where the panel goes: under the bell (above when there is more room), its end at the bell's end,
// and always within the window. A phone gets a sheet at the bottom, by the style sheet alone.

const GAP = 8;
const ROOM_MIN = 320;
export const PHONE = '(max-width: 480px)';

export function place(panel: HTMLElement, bell: HTMLElement): void {
    if (matchMedia(PHONE).matches) {
        for (const side of ['left', 'top', 'bottom', 'max-height']) panel.style.removeProperty(side);
        return;
    }
    const at = bell.getBoundingClientRect();
    const { clientWidth: width, clientHeight: height } = document.documentElement;
    const rightToLeft = getComputedStyle(bell).direction === 'rtl';
    const left = rightToLeft ? at.left : at.right - panel.offsetWidth;
    const below = height - at.bottom - 2 * GAP;
    const above = at.top - 2 * GAP;
    const goesAbove = below < ROOM_MIN && above > below;
    panel.style.left = `${Math.max(GAP, Math.min(left, width - panel.offsetWidth - GAP))}px`;
    panel.style.top = goesAbove ? 'auto' : `${at.bottom + GAP}px`;
    panel.style.bottom = goesAbove ? `${height - at.top + GAP}px` : 'auto';
    panel.style.maxHeight = `${Math.min(600, Math.max(160, goesAbove ? above : below))}px`;
}
