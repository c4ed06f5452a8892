/**
 * Names of the entry point `typekro/advanced` of TypeKro 0.33. Importing these names does not fail. The first use of
 * one throws an error whose remedy says what replaces it. `TypeKroError` still works here: it is the class that
 * `typekro` exports.
 *
 * @packageDocumentation
 */
import { movedName } from '@typekro/kit/core';

export { TypeKroError } from '@typekro/kit/core';

const EVALUATION =
  'composition.evaluate(spec, observed) evaluates a graph; typekro/cel compiles and evaluates single expressions';
const VALUES =
  'inside a composition, use plain JavaScript such as `if`; to inspect references from outside, read the expressions (`${…}`) in composition.toDefinition()';
const GRAPHS = 'typekro/graph: compile(definition) gives a graph with its order and its dependencies';
const ERRORS = 'every error is a TypeKroError with code and remedy: switch on error.code';
const CLIENTS = 'typekro/kube: connect to a cluster with new KubeClient({ config: await loadKubeConfig() })';
const LOGS = 'the SDK writes no log: use the option progressCallback, or factory.deployEvents(spec)';
const PLANS = 'factory.plan(spec) lists field by field what a deploy would change';
const READINESS =
  'give readiness with .withReadinessEvaluator((live) => …) or .withReadyWhen((self) => …) on the resource';
const IDS = 'give the resource an id; without one it is derived from kind and name';
const FILES = 'read files with node:fs, and make a resource of each document with createResource';

/**
 * Removed in 1.0: composition.evaluate(spec, observed) evaluates a graph; typekro/cel compiles and evaluates single
 * expressions.
 */
export const CelEvaluator = movedName('CelEvaluator', EVALUATION);
/**
 * Removed in 1.0: inside a composition, use plain JavaScript such as `if`; to inspect references from outside, read the
 * expressions (`${…}`) in composition.toDefinition().
 */
export const createResourcesProxy = movedName('createResourcesProxy', VALUES);
/**
 * Removed in 1.0: inside a composition, use plain JavaScript such as `if`; to inspect references from outside, read the
 * expressions (`${…}`) in composition.toDefinition().
 */
export const createSchemaProxy = movedName('createSchemaProxy', VALUES);
/**
 * Removed in 1.0: composition.evaluate(spec, observed) evaluates a graph; typekro/cel compiles and evaluates single
 * expressions.
 */
export const DeploymentMode = movedName('DeploymentMode', EVALUATION);
/**
 * Removed in 1.0: inside a composition, use plain JavaScript such as `if`; to inspect references from outside, read the
 * expressions (`${…}`) in composition.toDefinition().
 */
export const isSchemaReference = movedName('isSchemaReference', VALUES);
/**
 * Removed in 1.0: composition.evaluate(spec, observed) evaluates a graph; typekro/cel compiles and evaluates single
 * expressions.
 */
export const ReferenceResolver = movedName('ReferenceResolver', EVALUATION);
/**
 * Removed in 1.0: composition.evaluate(spec, observed) evaluates a graph; typekro/cel compiles and evaluates single
 * expressions.
 */
export const optimizeCelExpression = movedName('optimizeCelExpression', EVALUATION);
/**
 * Removed in 1.0: composition.evaluate(spec, observed) evaluates a graph; typekro/cel compiles and evaluates single
 * expressions.
 */
export const optimizeStatusMappings = movedName('optimizeStatusMappings', EVALUATION);
/** Removed in 1.0: typekro/graph: compile(definition) gives a graph with its order and its dependencies. */
export const getDependencyOrder = movedName('getDependencyOrder', GRAPHS);
/** Removed in 1.0: typekro/graph: compile(definition) gives a graph with its order and its dependencies. */
export const visualizeDependencies = movedName('visualizeDependencies', GRAPHS);
/** Removed in 1.0: typekro/graph: compile(definition) gives a graph with its order and its dependencies. */
export const DependencyGraph = movedName('DependencyGraph', GRAPHS);
/** Removed in 1.0: typekro/graph: compile(definition) gives a graph with its order and its dependencies. */
export const DependencyResolver = movedName('DependencyResolver', GRAPHS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const CircularDependencyError = movedName('CircularDependencyError', ERRORS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const CompositionExecutionError = movedName('CompositionExecutionError', ERRORS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const ContextRegistrationError = movedName('ContextRegistrationError', ERRORS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const ConversionError = movedName('ConversionError', ERRORS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const CRDInstanceError = movedName('CRDInstanceError', ERRORS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const DeploymentTimeoutError = movedName('DeploymentTimeoutError', ERRORS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const ensureError = movedName('ensureError', ERRORS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const formatArktypeError = movedName('formatArktypeError', ERRORS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const formatCircularDependencyError = movedName('formatCircularDependencyError', ERRORS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const formatReferenceError = movedName('formatReferenceError', ERRORS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const KroSchemaValidationError = movedName('KroSchemaValidationError', ERRORS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const KubernetesApiOperationError = movedName('KubernetesApiOperationError', ERRORS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const KubernetesClientError = movedName('KubernetesClientError', ERRORS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const ResourceGraphFactoryError = movedName('ResourceGraphFactoryError', ERRORS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const StatusHydrationError = movedName('StatusHydrationError', ERRORS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const TypeKroReferenceError = movedName('TypeKroReferenceError', ERRORS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const ValidationError = movedName('ValidationError', ERRORS);
/** Removed in 1.0: typekro/kube: connect to a cluster with new KubeClient({ config: await loadKubeConfig() }). */
export const createKubernetesClientProvider = movedName('createKubernetesClientProvider', CLIENTS);
/** Removed in 1.0: typekro/kube: connect to a cluster with new KubeClient({ config: await loadKubeConfig() }). */
export const createKubernetesClientProviderWithKubeConfig = movedName(
  'createKubernetesClientProviderWithKubeConfig',
  CLIENTS,
);
/** Removed in 1.0: typekro/kube: connect to a cluster with new KubeClient({ config: await loadKubeConfig() }). */
export const getKubeConfig = movedName('getKubeConfig', CLIENTS);
/** Removed in 1.0: typekro/kube: connect to a cluster with new KubeClient({ config: await loadKubeConfig() }). */
export const getKubernetesApi = movedName('getKubernetesApi', CLIENTS);
/** Removed in 1.0: typekro/kube: connect to a cluster with new KubeClient({ config: await loadKubeConfig() }). */
export const getKubernetesClientProvider = movedName('getKubernetesClientProvider', CLIENTS);
/** Removed in 1.0: typekro/kube: connect to a cluster with new KubeClient({ config: await loadKubeConfig() }). */
export const KubernetesClientProvider = movedName('KubernetesClientProvider', CLIENTS);
/** Removed in 1.0: the SDK writes no log: use the option progressCallback, or factory.deployEvents(spec). */
export const createContextLogger = movedName('createContextLogger', LOGS);
/** Removed in 1.0: the SDK writes no log: use the option progressCallback, or factory.deployEvents(spec). */
export const createLogger = movedName('createLogger', LOGS);
/** Removed in 1.0: the SDK writes no log: use the option progressCallback, or factory.deployEvents(spec). */
export const getComponentLogger = movedName('getComponentLogger', LOGS);
/** Removed in 1.0: the SDK writes no log: use the option progressCallback, or factory.deployEvents(spec). */
export const getDeploymentLogger = movedName('getDeploymentLogger', LOGS);
/** Removed in 1.0: the SDK writes no log: use the option progressCallback, or factory.deployEvents(spec). */
export const getResourceLogger = movedName('getResourceLogger', LOGS);
/** Removed in 1.0: the SDK writes no log: use the option progressCallback, or factory.deployEvents(spec). */
export const logger = movedName('logger', LOGS);
/** Removed in 1.0: factory.plan(spec) lists field by field what a deploy would change. */
export const canonicalizeResourceForComparison = movedName('canonicalizeResourceForComparison', PLANS);
/** Removed in 1.0: factory.plan(spec) lists field by field what a deploy would change. */
export const compareKubernetesResources = movedName('compareKubernetesResources', PLANS);
/** Removed in 1.0: factory.plan(spec) lists field by field what a deploy would change. */
export const diffCanonicalValues = movedName('diffCanonicalValues', PLANS);
/** Removed in 1.0: factory.plan(spec) lists field by field what a deploy would change. */
export const formatCanonicalDrift = movedName('formatCanonicalDrift', PLANS);
/**
 * Removed in 1.0: give readiness with .withReadinessEvaluator((live) => …) or .withReadyWhen((self) => …) on the
 * resource.
 */
export const getFactoryRegistration = movedName('getFactoryRegistration', READINESS);
/**
 * Removed in 1.0: give readiness with .withReadinessEvaluator((live) => …) or .withReadyWhen((self) => …) on the
 * resource.
 */
export const getFactoryRegistrationsForGVK = movedName('getFactoryRegistrationsForGVK', READINESS);
/**
 * Removed in 1.0: give readiness with .withReadinessEvaluator((live) => …) or .withReadyWhen((self) => …) on the
 * resource.
 */
export const registerFactories = movedName('registerFactories', READINESS);
/**
 * Removed in 1.0: give readiness with .withReadinessEvaluator((live) => …) or .withReadyWhen((self) => …) on the
 * resource.
 */
export const registerFactory = movedName('registerFactory', READINESS);
/** Removed in 1.0: give the resource an id; without one it is derived from kind and name. */
export const generateResourceId = movedName('generateResourceId', IDS);
/**
 * Removed in 1.0: give readiness with .withReadinessEvaluator((live) => …) or .withReadyWhen((self) => …) on the
 * resource.
 */
export const getPortableReadinessStrategy = movedName('getPortableReadinessStrategy', READINESS);
/**
 * Removed in 1.0: give readiness with .withReadinessEvaluator((live) => …) or .withReadyWhen((self) => …) on the
 * resource.
 */
export const getRuntimeReadinessClassification = movedName('getRuntimeReadinessClassification', READINESS);
/**
 * Removed in 1.0: give readiness with .withReadinessEvaluator((live) => …) or .withReadyWhen((self) => …) on the
 * resource.
 */
export const identifyPortableReadinessEvaluator = movedName('identifyPortableReadinessEvaluator', READINESS);
/**
 * Removed in 1.0: give readiness with .withReadinessEvaluator((live) => …) or .withReadyWhen((self) => …) on the
 * resource.
 */
export const identifyRuntimeReadinessEvaluator = movedName('identifyRuntimeReadinessEvaluator', READINESS);
/**
 * Removed in 1.0: give readiness with .withReadinessEvaluator((live) => …) or .withReadyWhen((self) => …) on the
 * resource.
 */
export const registerPortableReadinessEvaluator = movedName('registerPortableReadinessEvaluator', READINESS);
/**
 * Removed in 1.0: give readiness with .withReadinessEvaluator((live) => …) or .withReadyWhen((self) => …) on the
 * resource.
 */
export const registerPortableReadinessStrategy = movedName('registerPortableReadinessStrategy', READINESS);
/**
 * Removed in 1.0: give readiness with .withReadinessEvaluator((live) => …) or .withReadyWhen((self) => …) on the
 * resource.
 */
export const resolvePortableReadinessStrategy = movedName('resolvePortableReadinessStrategy', READINESS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const GitContentError = movedName('GitContentError', ERRORS);
/** Removed in 1.0: read files with node:fs, and make a resource of each document with createResource. */
export const PathResolver = movedName('PathResolver', FILES);
/** Removed in 1.0: read files with node:fs, and make a resource of each document with createResource. */
export const pathResolver = movedName('pathResolver', FILES);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const YamlPathResolutionError = movedName('YamlPathResolutionError', ERRORS);
/** Removed in 1.0: every error is a TypeKroError with code and remedy: switch on error.code. */
export const YamlProcessingError = movedName('YamlProcessingError', ERRORS);
/**
 * Removed in 1.0: inside a composition, use plain JavaScript such as `if`; to inspect references from outside, read the
 * expressions (`${…}`) in composition.toDefinition().
 */
export const containsKubernetesRefs = movedName('containsKubernetesRefs', VALUES);
/**
 * Removed in 1.0: inside a composition, use plain JavaScript such as `if`; to inspect references from outside, read the
 * expressions (`${…}`) in composition.toDefinition().
 */
export const extractResourceReferences = movedName('extractResourceReferences', VALUES);
/**
 * Removed in 1.0: inside a composition, use plain JavaScript such as `if`; to inspect references from outside, read the
 * expressions (`${…}`) in composition.toDefinition().
 */
export const isCelExpression = movedName('isCelExpression', VALUES);
/**
 * Removed in 1.0: inside a composition, use plain JavaScript such as `if`; to inspect references from outside, read the
 * expressions (`${…}`) in composition.toDefinition().
 */
export const isKubernetesRef = movedName('isKubernetesRef', VALUES);
/**
 * Removed in 1.0: inside a composition, use plain JavaScript such as `if`; to inspect references from outside, read the
 * expressions (`${…}`) in composition.toDefinition().
 */
export const isResourceReference = movedName('isResourceReference', VALUES);
/** Removed in 1.0: give the resource an id; without one it is derived from kind and name. */
export const generateDeterministicResourceId = movedName('generateDeterministicResourceId', IDS);
