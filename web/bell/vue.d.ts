import type { DefineComponent } from 'vue';
import type { BellEvents, BellProperties } from './index.js';

export const OrqestraBell: DefineComponent<BellProperties, object, object, object, object, object, object, {
    notification: (event: BellEvents['orqestra-notification']) => true;
    open: (event: BellEvents['orqestra-open']) => true;
    close: (event: BellEvents['orqestra-close']) => true;
    itemClick: (event: BellEvents['orqestra-click']) => true;
    read: (event: BellEvents['orqestra-read']) => true;
    count: (event: BellEvents['orqestra-count']) => true;
    error: (event: BellEvents['orqestra-error']) => true;
}>;
