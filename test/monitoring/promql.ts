/** Words of PromQL that stand where a metric could. */
const KEYWORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan'])

/** What an expression of PromQL reads. */
export interface Reading {
  readonly metrics: ReadonlySet<string>
  /** Labels that a metric is asked for by: `metric{label=…}`. */
  readonly matchers: readonly { readonly metric: string; readonly label: string }[]
  /** Labels that something is grouped or joined by: `by (label)`. */
  readonly groupings: ReadonlySet<string>
}

/**
 * Reads what an expression asks for. No parser: promtool says whether it is PromQL at all. A word that is neither a
 * function nor a keyword counts as a metric, so that one that is misspelt is found.
 */
export function readPromql(expression: string): Reading {
  const metrics = new Set<string>()
  const matchers: { metric: string; label: string }[] = []
  const groupings = new Set<string>()
  const bare = expression
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\boffset\s+\w+/g, '')
    .replaceAll(
      /\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)/g,
      (_whole, list: string) => {
        for (const label of list.split(',')) groupings.add(label.trim())
        return ' '
      }
    )
    .replaceAll(/([\w:]+)\s*\{([^}]*)\}/g, (_whole, metric: string, list: string) => {
      metrics.add(metric)
      for (const [, label = ''] of list.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)) matchers.push({ metric, label })
      return ' '
    })
  for (const [, word = '', call] of bare.matchAll(/\b([a-z_][\w:]*)(\s*\()?/gi)) {
    if (call === undefined && !KEYWORDS.has(word.toLowerCase())) metrics.add(word)
  }
  return { metrics, matchers, groupings }
}
