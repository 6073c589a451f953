#include "common/grading/exports/page.h"

#include <fmt/core.h>

#include "common/grading/exports/escape.h"

namespace workbook::grading {

namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--ink:#1f2328;--muted:#59636e;--line:#d1d9e0;--paper:#fff;--soft:#f6f8fa;--good:#1a7f4b;
--bad:#c0272d;--calm:#8a5a00;--bar:#0b5cad}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--muted:#9aa4af;--line:#3d444d;--paper:#0d1117;--soft:#161b22;
--good:#6fdc9c;--bad:#ff8b85;--calm:#ffc069;--bar:#6cb6ff}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:56rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;margin:0 0 .25rem}h2{font-size:1.2rem;margin:2.5rem 0 .5rem;padding-top:.75rem;
border-top:1px solid var(--line)}h3{font-size:1rem;margin:1.25rem 0 .25rem;color:var(--muted);font-weight:600}
p{margin:.4rem 0}a{color:var(--bar)}
.muted{color:var(--muted)}.good{color:var(--good)}.bad{color:var(--bad)}.calm{color:var(--calm)}
.bar{height:.5rem;border-radius:.25rem;background:var(--line);margin:.25rem 0 .75rem;overflow:hidden}
.bar div{height:100%;background:var(--bar)}
table{border-collapse:collapse;width:100%;margin:.5rem 0}
th,td{padding:.3rem .6rem .3rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th{color:var(--muted);font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.wide{overflow-x:auto}.wide td,.wide th{overflow-wrap:normal}
ul.tests{list-style:none;margin:.25rem 0;padding:0}
ul.tests>li{padding:.35rem 0 .35rem 1.6rem;border-bottom:1px solid var(--line);position:relative}
ul.tests>li>.mark{position:absolute;left:.1rem;font-weight:700}
.points{float:right;padding-left:1rem;color:var(--muted);font-variant-numeric:tabular-nums}
.hint{margin:.3rem 0;padding:.4rem .7rem;border-left:3px solid var(--bar);background:var(--soft)}
.note{margin:.6rem 0;padding:.5rem .8rem;border-left:3px solid var(--calm);background:var(--soft)}
pre{margin:.4rem 0;padding:.6rem .8rem;background:var(--soft);border-radius:6px;overflow-x:auto;white-space:pre-wrap;
font:13px/1.45 ui-monospace,"SF Mono",Menlo,"DejaVu Sans Mono",monospace;max-height:30rem;overflow-y:auto}
details{margin:.3rem 0}summary{cursor:pointer;color:var(--muted)}
figure{margin:.75rem 0}figure img{max-width:100%;height:auto;display:block}
@media print{body{max-width:none;padding:0;font-size:11pt}:root{--ink:#000;--muted:#444;--line:#bbb;--paper:#fff;
--soft:#f4f4f4;--good:#0a5c33;--bad:#9b1c22;--calm:#6b4600;--bar:#333}pre{max-height:none;overflow:visible}
ul.tests>li,figure{break-inside:avoid}h2,h3{break-after:avoid}a{color:inherit;text-decoration:none}}
)";

}  // namespace

std::string page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self' file:; "
      "style-src 'unsafe-inline'\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      markup(title), kStyle, body);
}

std::string score_bar(Hundredths score, Hundredths max) {
  const Hundredths percent = max == 0 ? 0 : 100 * score / max;
  return fmt::format(
      "<p><strong>{}</strong> of {} points</p>\n<div class=\"bar\"><div style=\"width:{}%\"></div></div>\n",
      shown(score), shown(max), percent);
}

std::string called(const Submission& submission) {
  return submission.name.empty() ? submission.student : submission.name;
}

}  // namespace workbook::grading
