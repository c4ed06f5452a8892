import { type JsonValue, withGroup } from '@typekro/kit/core';
import { StatusReport } from '@typekro/engine/readiness';
import type { Schema } from '@typekro/engine/schema';
import { asText } from '@typekro/kit/kubernetes';
import { type ReadinessRule, ownMember } from './kind-plan.ts';
import { byCondition, CONDITIONS, EXISTS, KIND_RULES, OBSERVED } from './kind-rules.ts';

/** Returns the readiness rule of a built-in kind. A kind without its own rule is ready when it exists. */
export function builtinReadiness(type: { readonly group: string; readonly kind: string }): ReadinessRule {
  return KIND_RULES.get(withGroup(type.kind, type.group)) ?? EXISTS;
}

/**
 * Returns the readiness rule of a custom kind. For a kind without its own rule, the rule follows from the schema of its
 * status. When the status has conditions, a summarising condition such as `Ready` must be True. If a printer column
 * shows such a condition, that condition is used. If not, the first summarising condition of the object is used. When
 * the status has `observedGeneration`, the controller must have observed the newest generation, with or without
 * conditions. When the status has neither conditions nor `observedGeneration`, an object is ready when it exists.
 */
export function readinessRule(
  type: { readonly group: string; readonly kind: string },
  schema: Schema,
  columns: JsonValue | undefined,
): ReadinessRule {
  const known = KIND_RULES.get(withGroup(type.kind, type.group));
  if (known !== undefined) return known;
  const { conditions, observedGeneration: observes } = StatusReport.of(schema) ?? {};
  if (conditions !== true)
    return observes === true ? { cel: OBSERVED, words: 'its controller has observed the newest generation' } : EXISTS;
  const observed = observes === true ? `${OBSERVED} && ` : '';
  const shown = shownCondition(columns);
  if (shown !== undefined) {
    const { cel, words } = byCondition(shown);
    return { cel: observed + (cel ?? ''), words };
  }
  const list = `[${StatusReport.SUMMARY_CONDITIONS.map((name) => JSON.stringify(name)).join(', ')}]`;
  const present = `${list}.filter(t, ${CONDITIONS}.exists(c, c.type == t))`;
  return {
    cel: `${observed}${present}.size() > 0 && ${CONDITIONS}.exists(c, c.type == ${present}[0] && c.status == "True")`,
    words: `the first existing condition of ${StatusReport.SUMMARY_CONDITIONS.join(', ')} is True`,
  };
}

/** The summarising condition whose status `kubectl get` shows. */
function shownCondition(columns: JsonValue | undefined): string | undefined {
  if (!Array.isArray(columns)) return undefined;
  const shown = columns.flatMap((column) => {
    const path = asText(ownMember(column, 'jsonPath'));
    const type = /^\.status\.conditions\[\?\(@\.type\s*==\s*["']([\w.]{1,63})["']\)\]\.status$/.exec(path)?.[1];
    return type === undefined ? [] : [type];
  });
  return StatusReport.SUMMARY_CONDITIONS.find((type) => shown.includes(type));
}
