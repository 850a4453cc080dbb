// What the package offers to other programs: to write route modules, to run a gateway of one's own, and to register with one.
export {
  type BackendRegistration,
  registerBackend,
  type RegisterBackendOptions,
  RegistrationRefused,
  type RegistrationEvent
} from './client/register-backend.ts'
export { defineRoutes, type RouteDefinition } from './config/define-routes.ts'
export { ConfigError, type ConfigIssue } from './config/issue.ts'
export { loadConfig } from './config/load.ts'
export type { GatewayConfig } from './config/types.ts'
export { Gateway } from './gateway.ts'
export type { GatewayOptions } from './gateway-options.ts'
