import type { Deviations } from './support/cel-spec-runner.ts';

/**
 * Vectors of cel-spec whose expected result this engine does not give. This engine gives the result of cel-go 0.31, the
 * engine of kro. An entry whose vector passes is a failure, so that the list can only shrink.
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
