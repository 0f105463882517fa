/** The look of the manual: no font, image or script from anywhere; light or dark as the reader's system is. */
export const DOCS_STYLE = `
:root{color-scheme:light dark;--text:#1b1f24;--soft:#57606a;--line:#d0d7de;--back:#fff;--box:#f6f8fa;--link:#0550ae;--get:#0a6847;--post:#8a4600}
@media (prefers-color-scheme:dark){:root{--text:#e6edf3;--soft:#9aa4af;--line:#30363d;--back:#0d1117;--box:#161b22;--link:#79b8ff;--get:#56d4a4;--post:#f0b072}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;color:var(--text);background:var(--back);font:16px/1.55 system-ui,sans-serif}
.page{display:grid;grid-template-columns:15rem minmax(0,1fr);gap:2.5rem;max-width:78rem;margin:0 auto;padding:1.5rem}
nav{position:sticky;top:1.5rem;align-self:start;max-height:calc(100vh - 3rem);overflow:auto;font-size:.875rem}
nav ul{list-style:none;margin:0 0 1rem;padding:0}
nav li{padding:.1rem 0}
nav strong{display:block;margin-bottom:.2rem}
a{color:var(--link);text-decoration:none}
a:hover,a:focus{text-decoration:underline}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .5rem}
h2{font-size:1.4rem;margin:3rem 0 .75rem;padding-top:1rem;border-top:1px solid var(--line)}
h3{font-size:1.05rem;margin:2rem 0 .4rem}
h4{font-size:.8rem;letter-spacing:.04em;text-transform:uppercase;color:var(--soft);margin:1.1rem 0 .3rem}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.85em}
code{background:var(--box);padding:.1em .3em;border-radius:4px;overflow-wrap:anywhere}
pre{background:var(--box);border:1px solid var(--line);border-radius:6px;padding:.8rem;overflow:auto;line-height:1.45}
pre code{background:none;padding:0;overflow-wrap:normal}
table{border-collapse:collapse;width:100%;font-size:.9rem;margin:.4rem 0 1rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem .4rem 0;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:600}
td:first-child{white-space:nowrap}
tr:target,h3:target{background:var(--box)}
details{margin:.4rem 0}
summary{cursor:pointer;color:var(--link)}
.method{font-weight:700}.GET{color:var(--get)}.POST,.DELETE{color:var(--post)}
.soft{color:var(--soft)}
@media (max-width:56rem){.page{display:block}nav{position:static;max-height:none;columns:2;margin-bottom:2rem}td:first-child{white-space:normal}table{display:block;overflow-x:auto}}
@media print{nav{display:none}.page{display:block}}
`;
