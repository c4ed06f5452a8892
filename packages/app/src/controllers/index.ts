/** Which controllers a cluster runs, and with which settings: those of their Deployments, or the published ones. */
export { controllerContainer, deployedController } from './controller-container.ts';
export { DEFAULT_CONTROLLER, LEVEL_FLAG, controllerSettings, settingsOfFlags } from './controller-settings.ts';
export { type ControllerDeployment, accountOfPod, runningControllers } from './running-controllers.ts';
