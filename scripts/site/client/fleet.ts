import { fleetSize } from '../../fleet-size.ts';

const numberOf = (form: HTMLFormElement, name: string): number =>
  Number(form.querySelector<HTMLInputElement>(`input[name="${name}"]`)?.value);

/**
 * Returns the sentences for the fleet that the form describes. When a field is not a whole number, returns a request to
 * enter whole numbers.
 */
function sizeText(form: HTMLFormElement): string {
  if (!form.checkValidity()) return 'Enter whole numbers that are not negative.';
  const size = fleetSize({
    instances: numberOf(form, 'instances'),
    children: numberOf(form, 'children'),
    changesPerHour: numberOf(form, 'changesPerHour'),
    definitions: numberOf(form, 'definitions'),
  });
  const each = size.processes === 1 ? 'one process' : `${size.processes} processes, each`;
  return [
    `${each} with ${size.restMb.toFixed(0)} MB at rest and ${size.peakMb.toFixed(0)} MB at the peak of a restart`,
    `memory limit ${size.limitMi}Mi`,
    `CPU request of at least ${size.leastRequestMilli}m (${size.cores.toFixed(3)} CPU on average)`,
    `${size.requestsPerHour.toLocaleString('en')} API requests an hour`,
    `${size.restartCpuSeconds.toFixed(1)} s of processor time for a restart`,
  ].join('; ');
}

/** Computes the result of each form in the page, once at the start and again whenever a field changes. */
export function startFleetForms(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>('form.fleet')) {
    const output = form.querySelector('output');
    const update = (): void => {
      if (output !== null) output.textContent = sizeText(form);
    };
    form.addEventListener('input', update);
    form.addEventListener('submit', (event) => event.preventDefault());
    update();
  }
}
