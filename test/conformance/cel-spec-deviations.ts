import type { Deviations } from './support/cel-spec-runner.ts';

/**
 * The cel-spec vectors for which this engine does not produce the expected result. Instead, this engine produces the
 * result of cel-go 0.31, which is kro's CEL engine. A test fails if the vector of an entry passes, so that an entry
 * that is no longer true is removed.
 */
export const CEL_SPEC_DEVIATIONS: Deviations = {
  'fields/qualified_identifier_resolution/map_key_float': 'double keys are accepted in a map literal',
  'fields/qualified_identifier_resolution/map_value_repeat_key': 'the last of repeated keys in a map literal wins',
  'fields/qualified_identifier_resolution/map_value_repeat_key_heterogeneous':
    'the last of repeated keys in a map literal wins, also between number types',
  'optionals/optionals/map_optional_select_has': 'an optional in a map has no fields, and has() on it is an error',
  'string_ext/value_errors/indexof_out_of_range': 'an offset past the end gives -1',
  'string_ext/value_errors/lastindexof_out_of_range': 'an offset past the end gives -1',
  'timestamps/duration_converters/get_milliseconds': 'the result is the whole duration in milliseconds, not its fraction of a second',
  'type_deductions/legacy_nullable_types/null_assignable_to_abstract_parameter_candidate':
    'null and an optional have the common type null_type',
};
