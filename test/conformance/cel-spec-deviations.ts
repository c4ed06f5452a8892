import type { Deviations } from './support/cel-spec-runner.ts';

/**
 * Vectors of cel-spec for which this engine answers as cel-go 0.31 (kro's engine) does, and not as the vector says. An
 * entry whose vector passes is a failure, so that the list can only shrink.
 */
export const CEL_SPEC_DEVIATIONS: Deviations = {
  'fields/qualified_identifier_resolution/map_key_float': 'double keys are accepted in a map literal',
  'fields/qualified_identifier_resolution/map_value_repeat_key': 'of repeated keys in a map literal the last wins',
  'fields/qualified_identifier_resolution/map_value_repeat_key_heterogeneous':
    'of repeated keys in a map literal the last wins, across number types too',
  'optionals/optionals/map_optional_select_has': 'an optional stored in a map has no fields, and asking is an error',
  'string_ext/value_errors/indexof_out_of_range': 'an offset past the end gives -1',
  'string_ext/value_errors/lastindexof_out_of_range': 'an offset past the end gives -1',
  'timestamps/duration_converters/get_milliseconds': 'the whole duration counts, not its milliseconds alone',
  'type_deductions/legacy_nullable_types/null_assignable_to_abstract_parameter_candidate':
    'null that meets an optional gives the type null_type',
};
