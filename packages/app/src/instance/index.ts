/** The report of an instance: what its controller decides now, why it waits, how it differs, and what happened. */
export { dataAt } from './data-at.ts';
export { diffReport, differenceLines } from './diff-report.ts';
export { findEvidence, lastLogLines, whyOf, withFindings } from './evidence.ts';
export { managersOf, pastOf } from './field-managers.ts';
export { DEFINITION_POSITIONAL, findDefinition } from './find-definition.ts';
export {
  type FoundInstance,
  NEAR_NAMES,
  findInstance,
  findInstanceAt,
  instanceNames,
  noDefinitions,
} from './find-instance.ts';
export { immutableFields, isAtOrInside } from './immutable-fields.ts';
export { EVENT, InstanceEventFilter, byTime, eventLine, listEvents } from './instance-events.ts';
export { reportHead } from './instance-head.ts';
export { argumentOf } from './instance-name.ts';
export { PICTURE_FORMATS, graphOf, instanceStatus, picturesOf } from './instance-picture.ts';
export {
  type InstanceView,
  fitLine,
  instanceViewLines,
  messageLines,
  nodeLine,
  nodeLines,
  titleOf,
  wrapLine,
} from './instance-view-lines.ts';
export { type LogSelection, type LogSource, logLines, logSources, logSourcesOf } from './log-sources.ts';
export { isCopyAt, isCopyOfObject, maskedValue } from './masked-value.ts';
export { refuseOtherNamespace, withNamespace } from './namespaces.ts';
export {
  type Answer,
  type InstanceObservation,
  type Report,
  currentNodes,
  observe,
  observeFound,
  recordedState,
  resumedInstance,
} from './observation.ts';
export { withRefusedWrites } from './pending-writes.ts';
export { graphDifferences } from './revision-difference.ts';
export { type RevisionRow, instancesOfDefinition, readPins, revisionRows } from './revision-rows.ts';
export { type RefusedWrites, shownCauses, shownNodes } from './shown-node.ts';
export { isInstanceOf } from './serving-definition.ts';
export { statusLines, statusView } from './status-view.ts';
export {
  isPaused,
  resumeCommand,
  suspendCommand,
  suspendsWrites,
  suspensionEffect,
  suspensionText,
} from './suspension.ts';
export { treeLines, treeNodes } from './tree-view.ts';
export { type WaitGoal, goalText, isReached, parseGoal } from './wait-goal.ts';
export { definitionWhyLines, explainDefinition } from './why-definition.ts';
export { OF_THE_INSTANCE, whyReport } from './why-report.ts';
export { whyLines } from './why-view.ts';
export { blockerWithoutDefinition } from './without-definition.ts';
export { mapTexts, namedOwners } from './object-owners.ts';
export { writersIn } from './version-writers.ts';
