// vue.js: <OrqestraBell> for Vue 3. Events keep their meaning and lose their prefix: @notification, @item-click, ...
import { defineComponent, h, onMounted } from 'vue';

const PROPERTIES = ['baseUrl', 'tenantId', 'userId', 'token', 'channels', 'getToken', 'strings', 'renderItem'];
const EVENTS = {
    notification: 'orqestra-notification', open: 'orqestra-open', close: 'orqestra-close', itemClick: 'orqestra-click',
    read: 'orqestra-read', count: 'orqestra-count', error: 'orqestra-error',
};

export const OrqestraBell = defineComponent({
    name: 'OrqestraBell',
    props: Object.fromEntries(PROPERTIES.map((name) => [name, { type: null, default: undefined }])),
    emits: Object.keys(EVENTS),
    setup(props, { emit, slots }) {
        onMounted(() => import('@orqestra/bell'));
        // `.name` sets the property, `on:name` listens to exactly that event.
        const listeners = Object.fromEntries(Object.entries(EVENTS).map(([event, name]) => [`on:${name}`, (e) => emit(event, e)]));
        const set = () => Object.fromEntries(PROPERTIES.map((name) => [`.${name}`, props[name]]));
        return () => h('orqestra-bell', { ...set(), ...listeners }, slots.default?.());
    },
});
