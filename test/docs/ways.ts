import { type Block, wordOf } from './blocks.ts'

/** Words of a yaml block that is no configuration of the gateway, but of what stands beside it. */
export const OTHER_YAML = ['kubernetes', 'compose', 'prometheus', 'traefik'] as const

/** Words of a sh block that can't run in a test: its commands are only looked at. */
export const NOT_RUN = ['setup', 'bench', 'docker', 'kubernetes', 'certbot', 'systemd', 'remote'] as const

/** Configuration languages whose own program checks them. */
export const SERVERS = ['nginx', 'haproxy', 'caddyfile'] as const

/** Words of an output block and of one that is run, with what they mean in test/docs/README.md. */
const RUN_WORDS = ['stays', 'program', 'output', 'invalid', 'group', 'route']

/** How a block is checked. */
export type Way =
  | 'configuration'
  | 'other-yaml'
  | 'shell'
  | 'not-run'
  | 'transcript'
  | 'code'
  | 'output'
  | 'json'
  | 'http'
  | 'picture'
  | 'server'
  | 'unit'
  | 'file'

function has(block: Block, words: readonly string[]): boolean {
  return block.words.some((word) => words.includes(word))
}

/** The ways that claim a block. There should be exactly one; each has its test in this folder. */
const CLAIMS: Readonly<Record<Way, (block: Block) => boolean>> = {
  configuration: (block) => block.language === 'yaml' && !has(block, OTHER_YAML) && !has(block, ['output']),
  'other-yaml': (block) => block.language === 'yaml' && has(block, OTHER_YAML),
  shell: (block) => block.language === 'sh' && !has(block, NOT_RUN),
  'not-run': (block) => block.language === 'sh' && has(block, NOT_RUN),
  transcript: (block) => block.language === 'console',
  code: ({ language }) => language === 'ts' || language === 'js',
  output: (block) => has(block, ['output']) && ['json', 'http', 'text', 'yaml'].includes(block.language),
  json: (block) => block.language === 'json' && !has(block, ['output']),
  http: (block) => block.language === 'http' && !has(block, ['output']),
  picture: (block) => block.language === 'text' && block.words.length === 0,
  server: ({ language }) => (SERVERS as readonly string[]).includes(language),
  unit: (block) => block.language === 'ini' && has(block, ['systemd']),
  file: (block) => block.language === 'text' && !has(block, ['output']) && wordOf(block, 'file') !== undefined
}

/** The ways that claim a block. */
export function waysOf(block: Block): Way[] {
  return (Object.keys(CLAIMS) as Way[]).filter((way) => CLAIMS[way](block))
}

/** The words of a block that mean nothing: a slip of the pen would switch a check off in silence. */
export function unknownWords({ words }: Block): string[] {
  const known: readonly string[] = [...OTHER_YAML, ...NOT_RUN, ...RUN_WORDS, 'systemd']
  return words.filter((word) => !known.includes(word) && !/^(?:file|exit)=\S+$/.test(word))
}
