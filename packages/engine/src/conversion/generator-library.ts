/**
 * The exports of the library of generated values. The published package contains this file as a separate bundle, which
 * is loaded only for a definition with several versions.
 */
export {
  array,
  base64String,
  boolean,
  check,
  constant,
  constantFrom,
  date,
  dictionary,
  domain,
  double,
  emailAddress,
  integer,
  ipV4,
  ipV6,
  oneof,
  option,
  pre,
  property,
  record,
  sample,
  string,
  stringMatching,
  uniqueArray,
  uuid,
  webUrl,
} from 'fast-check';
