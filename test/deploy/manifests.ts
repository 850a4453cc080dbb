import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'

/** The folder of the manifests. */
export const FOLDER = join(import.meta.dirname, '../../deploy/kubernetes')

/** An object of Kubernetes. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: Readonly<Record<string, string>>
  readonly spec: unknown
}

type Labels = Readonly<Record<string, string>>

/** What tests look at of a Deployment. Times are in seconds. */
export interface DeploymentSpec {
  readonly selector: { readonly matchLabels: Labels }
  readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec }
}

/** What tests look at of a pod. */
export interface PodSpec {
  readonly terminationGracePeriodSeconds: number
  readonly automountServiceAccountToken?: boolean
  readonly securityContext?: { readonly runAsNonRoot?: boolean; readonly runAsUser?: number }
  readonly containers: readonly Container[]
  readonly volumes?: readonly ({ readonly name: string } & Readonly<Record<string, object>>)[]
}

/** What tests look at of a container. */
export interface Container {
  readonly command?: readonly string[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly readinessProbe: Probe
  readonly livenessProbe?: Probe
  readonly startupProbe?: Probe
  readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } }
  readonly resources?: {
    readonly requests: { readonly cpu: string }
    readonly limits: { readonly memory: string }
  }
  readonly securityContext?: object
  readonly volumeMounts?: readonly {
    readonly name: string
    readonly mountPath: string
    readonly readOnly?: boolean
    readonly subPath?: string
  }[]
}

/** How the kubelet asks. */
export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
  readonly periodSeconds: number
  readonly failureThreshold?: number
}

/** What tests look at of a Service. */
export interface ServiceSpec {
  readonly selector: Labels
  readonly ports: readonly { readonly port: number; readonly targetPort?: string }[]
}

/** What of a gateway's configuration the manifests have to agree with, as it is written. */
export interface WrittenConfig {
  readonly server: {
    readonly port: number
    readonly workers: number
    readonly tls: { readonly certificates: readonly { readonly cert: string; readonly key: string }[] }
    readonly redirect: { readonly port: number; readonly httpsPort: number }
    readonly shutdown: { readonly delay: string; readonly timeout: string }
  }
  readonly admin: { readonly host: string; readonly port: number }
  readonly store: { readonly path: string }
}

/** Names of the files, without kustomization.yaml. */
export const FILES = globSync('*.yaml', { cwd: FOLDER })
  .map((name) => basename(name))
  .filter((name) => name !== 'kustomization.yaml')
  .sort()

/** The object of this kind and name. @throws Error when there is none */
export async function manifest(kind: string, name: string): Promise<Manifest> {
  const all = (await Promise.all(FILES.map(readManifests))).flat()
  const found = all.find((each) => each.kind === kind && each.metadata.name === name)
  if (!found) throw new Error(`there is no ${kind} ${name}`)
  return found
}

/** All objects of a file. @throws Error when it is no YAML. */
export async function readManifests(file: string): Promise<Manifest[]> {
  return parseAllDocuments(await readFile(join(FOLDER, file), 'utf8')).map((document) => {
    if (document.errors.length > 0) throw document.errors[0]
    return document.toJS() as Manifest
  })
}

/** The text of the gateway's configuration in its ConfigMap. */
export async function configText(): Promise<string> {
  const { data } = await manifest('ConfigMap', 'xecureapi')
  return data!['gateway.yaml']!
}

/** The same, read. */
export async function writtenConfig(): Promise<WrittenConfig> {
  return parse(await configText()) as WrittenConfig
}
