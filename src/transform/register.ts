/**
 * `node --import typekro/register program.js`: leaves the sources of functions beside them while modules are
 * loaded, for hosts where they cannot be read otherwise (the permission model, bundles without inspector).
 */
import * as nodeModule from 'node:module';
import { transform } from './hooks.ts';
import type { Loaded } from './load.ts';

type SyncLoad = (url: string, context: object, next: (url: string, context: object) => Loaded) => Loaded;

const registerHooks: unknown = Reflect.get(nodeModule, 'registerHooks');
const load: SyncLoad = (url, context, next) => transform(url, next(url, context));

if (typeof registerHooks === 'function') (registerHooks as (hooks: { load: SyncLoad }) => void)({ load });
else nodeModule.register(new URL(`./hooks${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));
