// styles.ts: the look. Tokens first: each is a custom property of the page's, or our own value for light and dark.
import { css } from 'lit';

export const styles = css`
:host {
    color-scheme: light dark;
    --accent: var(--orqestra-accent, light-dark(#4f46e5, #a5a0ff));
    --badge: var(--orqestra-badge, light-dark(#cf2338, #e5484d));
    --on-badge: var(--orqestra-on-badge, light-dark(#fff, #1a0507));
    --surface: var(--orqestra-surface, light-dark(#fff, #1c1c22));
    --raised: var(--orqestra-hover, light-dark(#f5f5f8, #26262e));
    --fresh: var(--orqestra-unread, light-dark(#f5f5ff, #232338));
    --line: var(--orqestra-line, light-dark(#e8e8ee, #33333d));
    --ink: var(--orqestra-ink, light-dark(#1b1b22, #f1f1f5));
    --soft: var(--orqestra-soft, light-dark(#5f5f6d, #a9a9b8));
    --shadow: var(--orqestra-shadow, 0 1px 2px rgb(0 0 0 / 8%), 0 16px 48px rgb(0 0 0 / 18%));
    --radius: var(--orqestra-radius, 14px);
    --width: var(--orqestra-width, 392px);
    --font: var(--orqestra-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif);
    display: inline-block;
    position: relative;
    vertical-align: middle;
}
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host([hidden]), [hidden] { display: none !important; }
*, *::before, *::after { box-sizing: border-box; }
h2, p, ul { margin: 0; padding: 0; }

.icon {
    display: block;
    inline-size: 20px;
    block-size: 20px;
    fill: none;
    stroke: currentColor;
    stroke-width: 1.7;
    stroke-linecap: round;
    stroke-linejoin: round;
}
.visually-hidden {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
}
button { margin: 0; border: 0; background: none; color: inherit; font: inherit; text-align: start; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }

/* ---- the bell ---- */

.bell {
    position: relative;
    display: grid;
    inline-size: var(--orqestra-size, 40px);
    block-size: var(--orqestra-size, 40px);
    min-inline-size: 24px;
    min-block-size: 24px;
    place-items: center;
    padding: 0;
    border-radius: 50%;
    transition: background-color .15s;
}
.bell:hover, .bell[aria-expanded="true"] { background: color-mix(in srgb, currentColor 9%, transparent); }
.bell .icon { inline-size: 60%; block-size: 60%; transform-origin: 50% 12%; }
.bell.ringing .icon, .bell.ringing ::slotted(*) { animation: ring .7s ease-out; }
@keyframes ring {
    20% { rotate: 15deg; }
    40% { rotate: -12deg; }
    60% { rotate: 7deg; }
    80% { rotate: -4deg; }
}
.badge {
    position: absolute;
    inset-block-start: -1px;
    inset-inline-start: 54%;
    min-inline-size: 19px;
    block-size: 19px;
    padding-inline: 5px;
    border-radius: 10px;
    background: var(--badge);
    color: var(--on-badge);
    font: 700 11px/19px var(--font);
    font-variant-numeric: tabular-nums;
    text-align: center;
    pointer-events: none;
}

/* ---- the panel ---- */

.panel {
    position: fixed;
    z-index: 2147483000;
    inset: auto;
    display: flex;
    flex-direction: column;
    inline-size: min(var(--width), 100vw - 16px);
    margin: 0;
    padding: 0;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    box-shadow: var(--shadow);
    color: var(--ink);
    font: 400 14px/1.45 var(--font);
    letter-spacing: normal;
    text-align: start;          /* what the bell inherits from a toolbar is not for the panel */
    text-transform: none;
    white-space: normal;
    cursor: default;
    overflow: hidden;
    animation: appear .16s cubic-bezier(.2, .8, .3, 1);
}
.panel:focus { outline: none; }
@keyframes appear { from { opacity: 0; transform: translateY(-6px) scale(.985); } }

.head { display: flex; flex: none; align-items: center; gap: 4px; min-block-size: 54px; padding-block: 8px; padding-inline: 18px 10px; border-block-end: 1px solid var(--line); }
.head-title { flex: 1; min-inline-size: 0; }
h2 { font-size: 15px; font-weight: 650; letter-spacing: -.01em; }
.action { min-block-size: 32px; padding: 4px 10px; border-radius: 8px; color: var(--accent); font-size: 13px; font-weight: 600; }
.action:hover { background: var(--raised); }
.action[aria-disabled="true"] { color: var(--soft); cursor: default; }
.action[aria-disabled="true"]:hover { background: none; }
.close { display: none; min-inline-size: 32px; min-block-size: 32px; padding: 6px; border-radius: 8px; color: var(--soft); }
.close:hover { background: var(--raised); }

.notice { display: flex; flex: none; align-items: center; gap: 10px; padding: 9px 18px; border-block-end: 1px solid var(--line); background: var(--raised); color: var(--soft); font-size: 13px; }
.notice .icon { flex: none; inline-size: 18px; block-size: 18px; }
.notice span { flex: 1; }
.notice.problem { color: var(--ink); }

.scroll { flex: 1; min-block-size: 0; overflow-y: auto; overscroll-behavior: contain; scrollbar-width: thin; }
ul { list-style: none; }

/* ---- an item: the title is the button, and its ::after makes the whole row the target ---- */

.item { position: relative; display: flex; gap: 12px; padding-block: 13px; padding-inline: 18px 16px; }
.item + .item { border-block-start: 1px solid var(--line); }
.item.unread { background: var(--fresh); }
.item:hover { background: var(--raised); }
.item.arrived { animation: arrive .35s ease-out; }
@keyframes arrive { from { opacity: 0; transform: translateY(-8px); } }

.medal { --kind: var(--accent); display: grid; flex: none; inline-size: 34px; block-size: 34px; place-items: center; border-radius: 10px; background: color-mix(in srgb, var(--kind) 13%, var(--surface)); color: var(--kind); }
.medal.info { --kind: light-dark(#1d63d8, #79acff); }
.medal.success { --kind: light-dark(#137a45, #58cf92); }
.medal.warning { --kind: light-dark(#94610a, #e5b454); }
.medal.alert { --kind: light-dark(#b84a0c, #ff9a5c); }
.medal.error { --kind: light-dark(#c22740, #ff7d90); }
.medal.order { --kind: light-dark(#7a3bd1, #c59bff); }
.item:not(.unread) .medal { --kind: var(--soft); }

.words { flex: 1; min-inline-size: 0; overflow-wrap: anywhere; }
.title { display: block; inline-size: 100%; min-block-size: 24px; padding: 0; font-weight: 500; line-height: 1.4; }
.item.unread .title { font-weight: 650; }
.title::after { content: ""; position: absolute; inset: 0; }
.title:focus-visible { outline: none; }
.title:focus-visible::after { outline: 2px solid var(--accent); outline-offset: -3px; border-radius: 6px; }
.body { display: -webkit-box; overflow: hidden; color: var(--soft); white-space: pre-line; -webkit-box-orient: vertical; -webkit-line-clamp: 5; }
.item.unread .body { color: var(--ink); }
.item:focus-within .body { display: block; }
.body a { position: relative; z-index: 1; color: var(--accent); text-underline-offset: 2px; }
time { display: block; margin-block-start: 3px; color: var(--soft); font-size: 12.5px; }
.dot { flex: none; inline-size: 8px; block-size: 8px; margin-block-start: 7px; border-radius: 50%; }
.item.unread .dot { background: var(--accent); }
.custom { flex: 1; min-inline-size: 0; }

/* ---- nothing to list ---- */

.plain { display: grid; gap: 6px; padding: 52px 32px 60px; justify-items: center; color: var(--soft); text-align: center; }
.plain .icon { inline-size: 40px; block-size: 40px; margin-block-end: 8px; stroke-width: 1.3; }
.plain strong { color: var(--ink); font-weight: 600; }
.plain .action { margin-block-start: 8px; }

.bones { display: grid; }
.bone { display: flex; gap: 12px; padding: 15px 18px; }
.bone i { display: block; border-radius: 6px; background: var(--line); animation: breathe 1.4s ease-in-out infinite; }
.bone i:first-child { flex: none; inline-size: 34px; block-size: 34px; border-radius: 10px; }
.bone div { display: grid; flex: 1; gap: 8px; align-content: center; }
.bone div i { block-size: 10px; }
.bone div i:first-child { inline-size: 45%; block-size: 10px; border-radius: 6px; }
@keyframes breathe { 50% { opacity: .45; } }

@media (max-width: 480px) {
    .panel { inset: auto 0 0; inline-size: 100%; max-inline-size: none; max-block-size: 86dvh; min-block-size: 40dvh; border-inline: 0; border-block-end: 0; border-end-start-radius: 0; border-end-end-radius: 0; padding-block-end: env(safe-area-inset-bottom); }
    .close { display: block; }
    @keyframes appear { from { transform: translateY(24px); opacity: 0; } }
}
@media (prefers-reduced-motion: reduce) {
    *, *::before, *::after, ::slotted(*) { animation: none !important; transition: none !important; }
}
@media (forced-colors: active) {
    .badge, .item.unread .dot { forced-color-adjust: none; background: Highlight; color: HighlightText; }
    .panel { border-color: CanvasText; }
}
`;
