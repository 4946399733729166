// After Tab was pressed once: what can be reached shows that it is reached.
const faults = [];
const reached = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")].filter(
  (el) => el.tabIndex >= 0 && !el.disabled && el.checkVisibility({ visibilityProperty: true }) && !el.closest(".trap"),
);
const before = document.activeElement;
for (const el of reached) {
  el.focus();
  if (document.activeElement !== el) continue;
  const style = getComputedStyle(el);
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const drawn = el.matches("svg a") && parseFloat(getComputedStyle(el.querySelector("path")).strokeWidth) >= 2;
  if (!el.matches(":focus-visible")) faults.push(`the keyboard's focus is not shown at all: ${el.outerHTML.slice(0, 80)}`);
  else if (!ring && !drawn) faults.push(`no ring around what has the focus: ${el.outerHTML.slice(0, 80)}`);
  const box = el.getBoundingClientRect();
  if (box.right <= 0 || box.bottom <= 0) faults.push(`the focus goes where nobody sees it: ${el.outerHTML.slice(0, 80)}`);
}
before?.focus?.();
return { reached: reached.length, faults: faults.slice(0, 5) };
