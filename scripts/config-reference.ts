import { stringify } from 'yaml'
import { DURATION_PATTERN, SIZE_PATTERN } from '../src/config/units.ts'

/** What the reference is made of: the keywords of the published schema. */
export interface SchemaNode {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[] | undefined
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly errorMessage?: string
  readonly writeOnly?: boolean
}

const INTRODUCTION = `# Configuration reference

<!-- Written by "npm run docs:reference" from src/config/schema*.ts: change the descriptions there. -->

Every key, what it takes, and what it is when it is absent. What the keys are good for, with examples, is in
[configuration.md](configuration.md); \`npx xecureapi schema\` prints the same as JSON Schema, so that an editor completes keys and
shows these sentences.

Durations are a whole number and a unit, \`ms\`, \`s\`, \`m\` or \`h\`; sizes have \`B\`, \`KiB\`, \`MiB\` or \`GiB\`. Texts may have
\`\${env:NAME}\` and \`\${file:/run/secrets/name}\` in them. NAME in a heading is a name of yours, \`[]\` an item of a list. A block that
is "off" when it is absent is on with its defaults when it is \`{}\`, unless one of its keys is required.
`

/** A mapping that has a table of its own. */
interface Section {
  readonly path: string
  readonly schema: SchemaNode
}

/** Mappings with as few plain keys are rows of the table above: `shutdown.delay`. */
const FEW = 3

/** The reference of a configuration's schema, as Markdown. */
export function referenceOf(schema: SchemaNode): string {
  const shown = new Map<string, string>()
  const texts = sectionsBelow('', schema).map(({ path, schema: each }) => {
    const keys = JSON.stringify(each.properties, (name, value: unknown) =>
      name === 'default' ? undefined : value
    )
    const same = shown.get(keys)
    shown.set(keys, same ?? path)
    return sectionText(path, each, same)
  })
  return [INTRODUCTION, tableOf('', schema, 'block'), ...texts].join('\n')
}

/** The mappings below a node that have a table of their own, from top to bottom. */
function sectionsBelow(path: string, node: SchemaNode): Section[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => sectionsAt(join(path, key), child))
}

function sectionsAt(path: string, node: SchemaNode): Section[] {
  const found = mappingIn(path, node)
  if (!found) return []
  const own = isFlat(found) ? [] : [found]
  return [...own, ...sectionsBelow(found.path, found.schema)]
}

/** The mapping that a key takes, maybe in a list, by a name, or as one of several forms. */
function mappingIn(path: string, node: SchemaNode): Section | undefined {
  if (node.properties) return { path, schema: node }
  if (node.items) return mappingIn(`${path}[]`, node.items)
  const [named] = Object.values(node.patternProperties ?? {})
  if (named) return mappingIn(`${path}.NAME`, named)
  // Of several forms the plainest is told: a mapping, or else a list of them, which is a list of the same.
  const forms = (node.anyOf ?? []).map((form) => mappingIn(path, form)).filter((form) => form !== undefined)
  return forms.find((form) => form.path === path) ?? forms[0]
}

/** Whether a mapping needs no table: its keys are rows of the one above. */
function isFlat({ path, schema: { properties = {} } }: Section): boolean {
  const children = Object.values(properties)
  const isPlain = path.includes('.') && !path.endsWith(']') && !path.endsWith('NAME')
  return isPlain && children.length <= FEW && children.every((child) => !mappingIn('', child))
}

/** @param same - Path of a section with the same keys, such as that of the group whose key a route overrides. */
function sectionText(path: string, schema: SchemaNode, same: string | undefined): string {
  const { meaning, preset } = partsOf(schema)
  const absent = preset === '' ? '' : ` Absent: ${preset}.`
  const table =
    same === undefined
      ? tableOf(path, schema, 'key')
      : `The keys are those of [${same}](${anchorOf(same)}).\n`
  return `## ${path}\n\n${meaning}${absent}\n\n${table}`
}

function tableOf(path: string, schema: SchemaNode, first: string): string {
  return [
    `| ${first} | takes | default | meaning |`,
    '| --- | --- | --- | --- |',
    ...rowsOf(path, '', schema),
    ''
  ].join('\n')
}

function rowsOf(path: string, prefix: string, { properties = {}, required = [] }: SchemaNode): string[] {
  return Object.entries(properties).flatMap(([key, child]) => {
    const name = join(prefix, key)
    const mapping = mappingIn(join(path, key), child)
    const { meaning, preset } = partsOf(child)
    const isRequired = required.includes(key)
    const own = row(
      `\`${name}\``,
      mapping && !isFlat(mapping) ? linked(mapping.path, child) : takes(child),
      isRequired ? '**required**' : preset,
      meaning
    )
    return mapping && isFlat(mapping) ? [own, ...rowsOf(mapping.path, name, mapping.schema)] : [own]
  })
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** What a key with a table of its own takes, with the way there. */
function linked(path: string, node: SchemaNode): string {
  const link = (text: string) => `[${text}](${anchorOf(path)})`
  if (node.properties) return link('mapping')
  if (node.patternProperties) return link('mappings by name')
  if (node.items) return link('list')
  const forms = (node.anyOf ?? []).map((form) => (mappingIn('', form) ? linked(path, form) : takes(form)))
  return [...new Set(forms)].join(', or ')
}

/** What a key takes, in words. */
function takes(node: SchemaNode): string {
  const { range } = partsOf(node)
  if (node.pattern === DURATION_PATTERN) return `duration, ${range}`
  if (node.pattern === SIZE_PATTERN) return range === '' ? 'size' : `size, ${range}`
  if (node.const !== undefined) return code(node.const)
  if (node.enum) return node.enum.map(code).join(', ')
  if (node.errorMessage !== undefined && node.type !== 'array') {
    const expected = plain(node.errorMessage.replace(/^expected /, ''))
    return range === '' ? expected : `${expected}, ${range}`
  }
  if (node.anyOf) return node.anyOf.map(takes).join(', or ')
  if (node.items) return `list${countOf(node)}: ${takes(node.items)}`
  if (node.patternProperties)
    return `mapping of names to: ${Object.values(node.patternProperties).map(takes).join()}`
  switch (node.type) {
    case 'integer':
      return `${node.minimum} to ${node.maximum}`
    case 'number':
      return `${node.minimum} to ${node.maximum}, with fractions`
    case 'boolean':
      return '`true`, `false`'
    case 'object':
      return 'mapping'
    default:
      return 'text'
  }
}

function countOf({ minItems, maxItems }: SchemaNode): string {
  if (maxItems !== undefined) return ` of ${minItems ?? 0} to ${maxItems}`
  return minItems === undefined ? '' : ' of one or more'
}

/** The parts of a description: sentences that have a column of their own are cut out of it. */
interface Parts {
  readonly meaning: string
  readonly preset: string
  readonly range: string
}

const RANGE = / (?:(0s), or from|From|(Up to)) (\w+)(?: to (\w+))?\.$/
const PRESET = / By default ([^.]+)\.(?= |$)/
const ABSENT = /; absent = ([^.;]+)(?=[.;])/

function partsOf(node: SchemaNode): Parts {
  let text = node.description ?? ''
  let range = ''
  let preset = written(node.default)
  text = text.replace(
    RANGE,
    (_all, none: string | undefined, most: string | undefined, least: string, end = '') => {
      range = most ? `up to ${least}` : `${none ? '0s, or ' : ''}${least} to ${end}`
      return ''
    }
  )
  for (const pattern of [PRESET, ABSENT]) {
    text = text.replace(pattern, (_all, words: string) => {
      preset = plain(words)
      return ''
    })
  }
  const example = exampleOf(node)
  const secret = node.writeOnly ? ' Secret: never shown.' : ''
  return { meaning: plain(text) + example + secret, preset, range }
}

/** A default as it is written; blocks have a table that tells theirs. */
function written(value: unknown): string {
  return value === undefined || (typeof value === 'object' && !Array.isArray(value)) ? '' : code(flow(value))
}

/** An example of a list or a mapping, which words describe badly. */
function exampleOf({ examples = [] }: SchemaNode): string {
  const example = examples.find(
    (each) => typeof each === 'object' && each !== null && Object.keys(each).length > 0
  )
  return example === undefined ? '' : ` Such as ${code(flow(example))}.`
}

function flow(value: unknown): string {
  return stringify(value, {
    collectionStyle: 'flow',
    lineWidth: 0,
    flowCollectionPadding: !Array.isArray(value)
  }).trim()
}

function code(value: unknown): string {
  return `\`${String(value).replaceAll('|', '\\|')}\``
}

/** A sentence as Markdown would not mistake it. */
function plain(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll(/[*_<|[\]]/g, '\\$&')))
    .join('')
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}

function anchorOf(path: string): string {
  return `#${path.toLowerCase().replaceAll(/[^\w-]/g, '')}`
}
