/** The condition of an APIService that this server serves. `now` is the time in the format of timestamps. */
export const localCondition = (now: string) => ({
  type: 'Available',
  status: 'True',
  lastTransitionTime: now,
  reason: 'Local',
  message: 'Local APIServices are always available',
});
