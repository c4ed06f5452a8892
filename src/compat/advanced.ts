/**
 * Names of the entry point `typekro/advanced` of TypeKro 0.33. A program that imports them loads; the use of a name
 * throws an error that names the replacement. `TypeKroError` is the class of `typekro`.
 *
 * @packageDocumentation
 */
import { movedName } from '../core/index.ts';

export { TypeKroError } from '../core/index.ts';

const EVALUATION =
  'composition.evaluate(spec, observed) evaluates a graph; typekro/cel compiles and evaluates single expressions';
const VALUES = 'use `if` inside the composition; outside, composition.toDefinition() contains the values as text';
const GRAPHS = 'typekro/graph: compile(definition) gives a graph with its order and its dependencies';
const ERRORS = 'every error is a TypeKroError with code and remedy: switch on error.code';
const CLIENTS = 'typekro/kube: connect to a cluster by loadKubeConfig, createTransport and createKubernetesApi';
const LOGS = 'the SDK writes no log: use progressCallback or deployEvents()';
const PLANS = 'factory.plan(spec) lists field by field what a deploy would change';
const READINESS = 'give readiness with .withReadinessEvaluator((live) => …) or withReadyWhen on the resource';
const IDS = 'give the resource an id; without one it is derived from kind and name';
const FILES = 'read files by node:fs, and make a resource of each document with createResource';

/** Gone: composition.evaluate(spec, observed) evaluates a graph; typekro/cel compiles and evaluates single expressions. */
export const CelEvaluator = movedName('CelEvaluator', EVALUATION);
/** Gone: use `if` inside the composition; outside, composition.toDefinition() contains the values as text. */
export const createResourcesProxy = movedName('createResourcesProxy', VALUES);
/** Gone: use `if` inside the composition; outside, composition.toDefinition() contains the values as text. */
export const createSchemaProxy = movedName('createSchemaProxy', VALUES);
/** Gone: composition.evaluate(spec, observed) evaluates a graph; typekro/cel compiles and evaluates single expressions. */
export const DeploymentMode = movedName('DeploymentMode', EVALUATION);
/** Gone: use `if` inside the composition; outside, composition.toDefinition() contains the values as text. */
export const isSchemaReference = movedName('isSchemaReference', VALUES);
/** Gone: composition.evaluate(spec, observed) evaluates a graph; typekro/cel compiles and evaluates single expressions. */
export const ReferenceResolver = movedName('ReferenceResolver', EVALUATION);
/** Gone: composition.evaluate(spec, observed) evaluates a graph; typekro/cel compiles and evaluates single expressions. */
export const optimizeCelExpression = movedName('optimizeCelExpression', EVALUATION);
/** Gone: composition.evaluate(spec, observed) evaluates a graph; typekro/cel compiles and evaluates single expressions. */
export const optimizeStatusMappings = movedName('optimizeStatusMappings', EVALUATION);
/** Gone: typekro/graph: compile(definition) gives a graph with its order and its dependencies. */
export const getDependencyOrder = movedName('getDependencyOrder', GRAPHS);
/** Gone: typekro/graph: compile(definition) gives a graph with its order and its dependencies. */
export const visualizeDependencies = movedName('visualizeDependencies', GRAPHS);
/** Gone: typekro/graph: compile(definition) gives a graph with its order and its dependencies. */
export const DependencyGraph = movedName('DependencyGraph', GRAPHS);
/** Gone: typekro/graph: compile(definition) gives a graph with its order and its dependencies. */
export const DependencyResolver = movedName('DependencyResolver', GRAPHS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const CircularDependencyError = movedName('CircularDependencyError', ERRORS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const CompositionExecutionError = movedName('CompositionExecutionError', ERRORS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const ContextRegistrationError = movedName('ContextRegistrationError', ERRORS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const ConversionError = movedName('ConversionError', ERRORS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const CRDInstanceError = movedName('CRDInstanceError', ERRORS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const DeploymentTimeoutError = movedName('DeploymentTimeoutError', ERRORS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const ensureError = movedName('ensureError', ERRORS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const formatArktypeError = movedName('formatArktypeError', ERRORS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const formatCircularDependencyError = movedName('formatCircularDependencyError', ERRORS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const formatReferenceError = movedName('formatReferenceError', ERRORS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const KroSchemaValidationError = movedName('KroSchemaValidationError', ERRORS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const KubernetesApiOperationError = movedName('KubernetesApiOperationError', ERRORS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const KubernetesClientError = movedName('KubernetesClientError', ERRORS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const ResourceGraphFactoryError = movedName('ResourceGraphFactoryError', ERRORS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const StatusHydrationError = movedName('StatusHydrationError', ERRORS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const TypeKroReferenceError = movedName('TypeKroReferenceError', ERRORS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const ValidationError = movedName('ValidationError', ERRORS);
/** Gone: typekro/kube: connect to a cluster by loadKubeConfig, createTransport and createKubernetesApi. */
export const createKubernetesClientProvider = movedName('createKubernetesClientProvider', CLIENTS);
/** Gone: typekro/kube: connect to a cluster by loadKubeConfig, createTransport and createKubernetesApi. */
export const createKubernetesClientProviderWithKubeConfig = movedName(
  'createKubernetesClientProviderWithKubeConfig',
  CLIENTS,
);
/** Gone: typekro/kube: connect to a cluster by loadKubeConfig, createTransport and createKubernetesApi. */
export const getKubeConfig = movedName('getKubeConfig', CLIENTS);
/** Gone: typekro/kube: connect to a cluster by loadKubeConfig, createTransport and createKubernetesApi. */
export const getKubernetesApi = movedName('getKubernetesApi', CLIENTS);
/** Gone: typekro/kube: connect to a cluster by loadKubeConfig, createTransport and createKubernetesApi. */
export const getKubernetesClientProvider = movedName('getKubernetesClientProvider', CLIENTS);
/** Gone: typekro/kube: connect to a cluster by loadKubeConfig, createTransport and createKubernetesApi. */
export const KubernetesClientProvider = movedName('KubernetesClientProvider', CLIENTS);
/** Gone: the SDK writes no log: use progressCallback or deployEvents(). */
export const createContextLogger = movedName('createContextLogger', LOGS);
/** Gone: the SDK writes no log: use progressCallback or deployEvents(). */
export const createLogger = movedName('createLogger', LOGS);
/** Gone: the SDK writes no log: use progressCallback or deployEvents(). */
export const getComponentLogger = movedName('getComponentLogger', LOGS);
/** Gone: the SDK writes no log: use progressCallback or deployEvents(). */
export const getDeploymentLogger = movedName('getDeploymentLogger', LOGS);
/** Gone: the SDK writes no log: use progressCallback or deployEvents(). */
export const getResourceLogger = movedName('getResourceLogger', LOGS);
/** Gone: the SDK writes no log: use progressCallback or deployEvents(). */
export const logger = movedName('logger', LOGS);
/** Gone: factory.plan(spec) lists field by field what a deploy would change. */
export const canonicalizeResourceForComparison = movedName('canonicalizeResourceForComparison', PLANS);
/** Gone: factory.plan(spec) lists field by field what a deploy would change. */
export const compareKubernetesResources = movedName('compareKubernetesResources', PLANS);
/** Gone: factory.plan(spec) lists field by field what a deploy would change. */
export const diffCanonicalValues = movedName('diffCanonicalValues', PLANS);
/** Gone: factory.plan(spec) lists field by field what a deploy would change. */
export const formatCanonicalDrift = movedName('formatCanonicalDrift', PLANS);
/** Gone: give readiness with .withReadinessEvaluator((live) => …) or withReadyWhen on the resource. */
export const getFactoryRegistration = movedName('getFactoryRegistration', READINESS);
/** Gone: give readiness with .withReadinessEvaluator((live) => …) or withReadyWhen on the resource. */
export const getFactoryRegistrationsForGVK = movedName('getFactoryRegistrationsForGVK', READINESS);
/** Gone: give readiness with .withReadinessEvaluator((live) => …) or withReadyWhen on the resource. */
export const registerFactories = movedName('registerFactories', READINESS);
/** Gone: give readiness with .withReadinessEvaluator((live) => …) or withReadyWhen on the resource. */
export const registerFactory = movedName('registerFactory', READINESS);
/** Gone: give the resource an id; without one it is derived from kind and name. */
export const generateResourceId = movedName('generateResourceId', IDS);
/** Gone: give readiness with .withReadinessEvaluator((live) => …) or withReadyWhen on the resource. */
export const getPortableReadinessStrategy = movedName('getPortableReadinessStrategy', READINESS);
/** Gone: give readiness with .withReadinessEvaluator((live) => …) or withReadyWhen on the resource. */
export const getRuntimeReadinessClassification = movedName('getRuntimeReadinessClassification', READINESS);
/** Gone: give readiness with .withReadinessEvaluator((live) => …) or withReadyWhen on the resource. */
export const identifyPortableReadinessEvaluator = movedName('identifyPortableReadinessEvaluator', READINESS);
/** Gone: give readiness with .withReadinessEvaluator((live) => …) or withReadyWhen on the resource. */
export const identifyRuntimeReadinessEvaluator = movedName('identifyRuntimeReadinessEvaluator', READINESS);
/** Gone: give readiness with .withReadinessEvaluator((live) => …) or withReadyWhen on the resource. */
export const registerPortableReadinessEvaluator = movedName('registerPortableReadinessEvaluator', READINESS);
/** Gone: give readiness with .withReadinessEvaluator((live) => …) or withReadyWhen on the resource. */
export const registerPortableReadinessStrategy = movedName('registerPortableReadinessStrategy', READINESS);
/** Gone: give readiness with .withReadinessEvaluator((live) => …) or withReadyWhen on the resource. */
export const resolvePortableReadinessStrategy = movedName('resolvePortableReadinessStrategy', READINESS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const GitContentError = movedName('GitContentError', ERRORS);
/** Gone: read files by node:fs, and make a resource of each document with createResource. */
export const PathResolver = movedName('PathResolver', FILES);
/** Gone: read files by node:fs, and make a resource of each document with createResource. */
export const pathResolver = movedName('pathResolver', FILES);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const YamlPathResolutionError = movedName('YamlPathResolutionError', ERRORS);
/** Gone: every error is a TypeKroError with code and remedy: switch on error.code. */
export const YamlProcessingError = movedName('YamlProcessingError', ERRORS);
/** Gone: use `if` inside the composition; outside, composition.toDefinition() contains the values as text. */
export const containsKubernetesRefs = movedName('containsKubernetesRefs', VALUES);
/** Gone: use `if` inside the composition; outside, composition.toDefinition() contains the values as text. */
export const extractResourceReferences = movedName('extractResourceReferences', VALUES);
/** Gone: use `if` inside the composition; outside, composition.toDefinition() contains the values as text. */
export const isCelExpression = movedName('isCelExpression', VALUES);
/** Gone: use `if` inside the composition; outside, composition.toDefinition() contains the values as text. */
export const isKubernetesRef = movedName('isKubernetesRef', VALUES);
/** Gone: use `if` inside the composition; outside, composition.toDefinition() contains the values as text. */
export const isResourceReference = movedName('isResourceReference', VALUES);
/** Gone: give the resource an id; without one it is derived from kind and name. */
export const generateDeterministicResourceId = movedName('generateDeterministicResourceId', IDS);
