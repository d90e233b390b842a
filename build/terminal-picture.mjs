/**
 * Draws a captured terminal session as an SVG, for the README: `node build/terminal-picture.mjs
 * SESSION.txt docs/pictures/terminal.svg`. Lines that begin with `$ ` are commands. Colours are the
 * terminal's of our design tokens; escape sequences of the session are left out.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const colours = { background: '#0d1011', edge: '#272d30', text: '#c9d1d4', dim: '#929da2', command: '#e7ebec', prompt: '#4fbdd3', ready: '#56c271' }
const font = { size: 13, width: 7.83, line: 19, family: "ui-monospace, 'JetBrains Mono', 'SF Mono', Menlo, 'DejaVu Sans Mono', monospace" }
const edge = { side: 20, top: 44, bottom: 18 }
const columns = { least: 84, most: 110 }

/**
 * @param {string} session
 * @param {string} title
 * @returns {string} an SVG that needs nothing from anywhere
 */
export function drawTerminal(session, title) {
  const lines = session.replaceAll(/\u001B\[[0-9;?]*[ -/]*[@-~]|\u001B\][^\u0007]*\u0007|\r/g, '').trimEnd().split('\n')
  const clipped = lines.map((line) => (line.length > columns.most ? `${line.slice(0, columns.most - 1)}…` : line))
  const widest = Math.max(columns.least, ...clipped.map((line) => line.length))
  const width = Math.round(widest * font.width + 2 * edge.side)
  const height = edge.top + clipped.length * font.line + edge.bottom
  const rows = clipped.map((line, index) => `  <text x="${edge.side}" y="${edge.top + (index + 1) * font.line - 5}" xml:space="preserve">${row(line)}</text>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}">
  <title>${escape(title)}</title>
  <rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${colours.background}" stroke="${colours.edge}"/>
  <g fill="none" stroke="${colours.dim}" stroke-opacity="0.6"><circle cx="22" cy="20" r="5"/><circle cx="40" cy="20" r="5"/><circle cx="58" cy="20" r="5"/></g>
  <g font-family="${font.family.replaceAll('"', "'")}" font-size="${font.size}" fill="${colours.text}">
${rows.join('\n')}
  </g>
</svg>
`
}

/** @param {string} line */
function row(line) {
  if (line.startsWith('$ ')) return `<tspan fill="${colours.prompt}">$</tspan><tspan fill="${colours.command}" font-weight="600"> ${escape(line.slice(2))}</tspan>`
  if (/\b(READY|running)\b/.test(line)) return escape(line).replace(/\b(MAYFLY READY.*|running)\b/, `<tspan fill="${colours.ready}">$1</tspan>`)
  if (line.startsWith('#')) return `<tspan fill="${colours.dim}">${escape(line)}</tspan>`
  return escape(line)
}

/** @param {string} text */
function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , sessionFile, pictureFile, title = 'Mayfly in a terminal'] = process.argv
  if (sessionFile === undefined || pictureFile === undefined) {
    console.error('usage: node build/terminal-picture.mjs SESSION.txt PICTURE.svg [TITLE]')
    process.exit(2)
  }
  writeFileSync(pictureFile, drawTerminal(readFileSync(sessionFile, 'utf8'), title))
}
