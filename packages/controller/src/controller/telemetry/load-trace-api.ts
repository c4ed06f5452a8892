import { TypeKroError } from '@typekro/kit/core';
import type { TraceApi } from './traces.ts';

/**
 * Loads the optional package `@opentelemetry/api`.
 *
 * @throws TypeKroError `controller/no-opentelemetry` when the package is not installed.
 */
export async function loadTraceApi(): Promise<TraceApi> {
  try {
    return await import('@opentelemetry/api');
  } catch (cause) {
    throw new TypeKroError('the package @opentelemetry/api cannot be loaded', {
      code: 'controller/no-opentelemetry',
      remedy:
        'install @opentelemetry/api and an OpenTelemetry SDK next to typekro, or leave out --opentelemetry-traces',
      cause,
    });
  }
}
