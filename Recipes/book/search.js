// The search finds the sections that have all words. The recipes that
// `recipe find` finds come before them: they have the words of the question,
// the constructs and the problem, and need not have all that was typed.
const menu = fetch(new URL("../recipes.json", document.currentScript.src)).then(it => it.json())
const weights = { name: 6, go: 5, swift: 4, problem: 4, question: 3, hazard: 3, page: 1 }
const fillers = new Set(`a all an and another are as at be by can do does each for from get how i
  if in into is it its many me much multiple my of on one or over several some something than
  that the there to use want what when which why with you`.split(/\s+/))

// As in Search.swift, whose comments say why; the table of queries holds for both.
const words = text => (text.match(/[\p{L}\p{N}]+/gu) ?? []).flatMap(word => {
  if (!/.\p{Lu}/u.test(word)) return [word.toLowerCase()]
  const parts = word.match(/\p{Lu}?[^\p{Lu}]+|\p{Lu}+(?!\p{Ll})/gu).map(it => it.toLowerCase())
  return parts.length > 1 ? [word.toLowerCase(), ...parts] : [word.toLowerCase()]
})

const stem = word => {
  for (let ending; ;) {
    ending = ["ation", "ing", "ion", "ed", "er", "es", "s", "e"].find(it =>
      word.endsWith(it) && word.length - it.length >= 3 && !word.endsWith("ss"))
    if (!ending) break
    word = word.slice(0, -ending.length)
  }
  if (word.length > 3 && word.at(-1) == word.at(-2)) word = word.slice(0, -1)
  return word.endsWith("is") ? word.slice(0, -2) + "iz" : word
}

const distance = (left, right) => {
  let row = [...Array(right.length + 1).keys()]
  for (const letter of left) {
    const next = [row[0] + 1]
    for (let at = 1; at <= right.length; at++)
      next.push(Math.min(next[at - 1] + 1, row[at] + 1, row[at - 1] + (letter != right[at - 1])))
    row = next
  }
  return row.at(-1)
}

class Finder {
  constructor(recipes, sections) {
    const parser = new DOMParser()
    this.entries = recipes.map(recipe => {
      const here = `/${recipe.folder.split("/").slice(1).join("/")}/`
      const ids = sections.flatMap((it, id) => it.location.includes(here) ? [id] : [])
      const prose = ids.flatMap(id => {
        const page = parser.parseFromString(sections[id].text, "text/html")
        return [[sections[id].title, 0], ...[...page.querySelectorAll("p, li")].map(it =>
          [it.textContent, it.matches("li") && it.firstElementChild?.matches("a[href*=HAZARDS]")])]
      })
      const terms = [
        ["name", recipe.name], ...recipe.goConstructs.map(it => ["go", it]),
        ...recipe.swiftConstructs.map(it => ["swift", it]),
        ...recipe.problems.map(it => ["problem", it]), ["question", recipe.question],
        ...prose.map(([text, isHazard]) => [isHazard ? "hazard" : "page", text]),
      ].map(([kind, text]) => ({ kind, text, stems: words(text).map(stem) }))
      return { id: ids[0], terms, stems: new Set(terms.flatMap(it => it.stems)) }
    })
  }

  rarity(word) {
    const having = this.entries.filter(it => it.stems.has(word)).length
    return Math.log(1 + (this.entries.length + 1) / (having + 1))
  }

  known(word) {
    if (word.length <= 3 || this.entries.some(it => it.stems.has(word))) return word
    const all = new Set(this.entries.flatMap(it =>
      it.terms.filter(it => it.kind != "page").flatMap(it => it.stems)))
    const [near, far] = [...all].map(it => [it, distance(word, it)])
      .reduce((a, b) => a[1] < b[1] || a[1] == b[1] && a[0] < b[0] ? a : b)
    return far <= (word.length > 5 ? 2 : 1) ? near : word
  }

  // The numbers of the recipes' pages, the best first.
  find(query) {
    const typed = words(query), whole = typed.map(stem).join(" ")
    const meant = typed.filter(it => !fillers.has(it))
    const sought = [...new Set(meant.map(it => this.known(stem(it))))]
    const sum = stems => stems.reduce((sum, it) => sum + this.rarity(it), 0)
    const total = sum(sought)
    return this.entries.flatMap(entry => {
      const score = term => {
        const said = sought.filter(it => term.stems.includes(it))
        return weights[term.kind] * sum(said) / total * (0.5 + 0.5 * said.length / term.stems.length)
      }
      const exact = entry.terms.find(it => weights[it.kind] > weights.question
        && (it.text.toLowerCase() == query.toLowerCase() || whole && it.stems.join(" ") == whole))
      const most = Math.max(...entry.terms.filter(it => it.stems.length).map(score))
      if (!exact && !(most > 0)) return []
      const name = entry.terms[0].stems
      const named = sought.filter(it => name.includes(it)).length / name.length
      const closeness = most + 2 * sum(sought.filter(it => entry.stems.has(it))) / total
      return [{ id: entry.id, exact: Boolean(exact),
        score: named + (exact ? weights[exact.kind] : closeness) }]
    }).sort((a, b) => b.exact - a.exact || b.score - a.score).map(it => it.id)
  }
}

// The site's search runs in a worker: its first message has all sections, the
// others what was typed, and each answer names sections by their numbers.
window.Worker = class extends Worker {
  postMessage(message) {
    if (message.type == 0)
      menu.then(recipes => { this.finder = new Finder(recipes, message.data.items) })
    if (message.type == 2) this.query = message.data
    super.postMessage(message)
  }

  set onmessage(receive) {
    super.onmessage = receive && (event => {
      const answer = event.data, isFirst = answer.data?.pagination?.prev === undefined
      if (answer.type == 3 && isFirst && this.finder && this.query.input.trim()) {
        const best = this.finder.find(this.query.input).slice(0, 3)
        const found = answer.data.items
        const first = best.map(id => found.find(it => it.id == id) ?? { id, matches: [] })
        const rest = found.filter(it => !best.includes(it.id))
        answer.data.items = [...first, ...rest]
        answer.data.pagination.total += first.length - (found.length - rest.length)
      }
      receive({ data: answer })
    })
  }
}
