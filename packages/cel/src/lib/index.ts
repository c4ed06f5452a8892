/**
 * The function libraries of the CEL engine: cel-go's extensions, Kubernetes' libraries, kro's own, and the parts of the
 * standard library that are not operators or conversions. Each library has its own file. The other modules of this
 * folder, such as those for times and time zones, do not depend on CEL.
 */
export { encoders } from './encoders.ts';
export { kroHash } from './kro/kro-hash.ts';
export { kroJson } from './kro/kro-json.ts';
export { kroLists } from './kro/kro-lists.ts';
export { kroMaps } from './kro/kro-maps.ts';
export { kroOmit, OMIT } from './kro/kro-omit.ts';
export { kroRandom } from './kro/kro-random.ts';
export { type ConditionKey, ConditionValue, kroRuntime, RUNTIME_VALUE } from './kro/kro-runtime.ts';
export type { LibraryValue } from './opaque.ts';
export { kubernetesCidr } from './k8s/k8s-cidr.ts';
export { kubernetesFormat } from './k8s/k8s-format.ts';
export { kubernetesIp } from './k8s/k8s-ip.ts';
export { kubernetesLists } from './k8s/k8s-lists.ts';
export { kubernetesQuantity } from './k8s/k8s-quantity.ts';
export { kubernetesRegex } from './k8s/k8s-regex.ts';
export { kubernetesSemver } from './k8s/k8s-semver.ts';
export { kubernetesUrl } from './k8s/k8s-url.ts';
export { lists } from './lists.ts';
export { standardMatches } from './matches.ts';
export { math } from './math.ts';
export { network } from './network.ts';
export { nowLibrary } from './now.ts';
export { type ObjectProgress, propagation, withProgress } from './propagation.ts';
export { optionals } from './optionals.ts';
export { sets } from './sets.ts';
export { compileSearch, regexProblem } from './re2.ts';
export { standardTime } from './standard-time.ts';
export { strings } from './strings.ts';
