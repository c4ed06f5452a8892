import type { CodeInfo } from '@typekro/kit/core';
import { expressionCodes } from './codes/codes-expressions.ts';
import { graphCodes } from './codes/codes-graph.ts';
import { structureCodes } from './codes/codes-structure.ts';
import { warningCodes } from './codes/codes-warnings.ts';
import { yamlCodes } from './codes/codes-yaml.ts';

/**
 * All codes of the diagnostics that reading and compiling definitions can report, except those of SimpleSchema
 * (`simpleschema/…`).
 */
export const diagnosticCodes: readonly CodeInfo[] = [
  ...yamlCodes,
  ...structureCodes,
  ...graphCodes,
  ...expressionCodes,
  ...warningCodes,
];
