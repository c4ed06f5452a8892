import { objectAt, objectsAt } from '@typekro/kit/kubernetes';
import type { Strategy } from '../strategy.ts';
import { validateLimits } from './limit-range-validation.ts';
import { ensureAt } from '../../types/parts.ts';

/**
 * The strategy of LimitRange. In limits of containers, a missing `default` is taken from `max`, and a missing
 * `defaultRequest` from `default` or `min`.
 */
export const limitRangeStrategy: Partial<Strategy> = {
  defaults(object) {
    for (const item of objectsAt(object.spec, 'limits')) {
      if (item['type'] !== 'Container') continue;
      const limits = ensureAt(item, 'default');
      for (const [name, value] of Object.entries(objectAt(item, 'max'))) limits[name] ??= value;
      const requests = ensureAt(item, 'defaultRequest');
      for (const [name, value] of Object.entries(limits)) requests[name] ??= value;
      for (const [name, value] of Object.entries(objectAt(item, 'min'))) requests[name] ??= value;
      if (Object.keys(limits).length === 0) delete item['default'];
      if (Object.keys(requests).length === 0) delete item['defaultRequest'];
    }
  },
  prepareCreate(object, { newUid }) {
    if ((object.metadata.name ?? '') === '') object.metadata.name = newUid();
  },
  validate: (object, problems) => validateLimits(problems.field('spec', object.spec)),
};
