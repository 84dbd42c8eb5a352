"""Sixty lines of consoles, twenty an engine, those of CORS's neighbors, and every browser's code."""

import pytest
from corslens.lint.docs.console_lines import reasons_of_code, rules_of_line
from corslens.lint.rules.loader import load_rules
from corslens.verdict.reasons import NAMES, Reason

API, PAGE = "https://api.example/me", "https://app.example"
_C = f"Access to fetch at '{API}' from origin '{PAGE}' has been blocked by CORS policy: "
_P = f"{_C}Response to preflight request doesn't pass access control check: "
_F = f"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at {API}. (Reason: "

CHROME = {
    f"{_C}No 'Access-Control-Allow-Origin' header is present on the requested resource.": "acao-missing",
    f"{_P}No 'Access-Control-Allow-Origin' header is present on the requested resource.": "preflight-acao-missing",
    f"{_C}The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' when the request's "
    "credentials mode is 'include'.": "acao-wildcard-with-credentials",
    f"{_P}The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' when the request's "
    "credentials mode is 'include'.": "preflight-acao-wildcard-with-credentials",
    f"{_C}The 'Access-Control-Allow-Origin' header contains multiple values '*, *', but only one is allowed.": "acao-multiple",
    f"{_C}The 'Access-Control-Allow-Origin' header contains the invalid value 'app.example'.": "acao-invalid",
    f"{_C}The 'Access-Control-Allow-Origin' header has a value 'https://x.example' that is not equal to the supplied origin.": "acao-mismatch",
    f"{_P}The 'Access-Control-Allow-Origin' header has a value 'https://x.example' that is not equal to the supplied origin.": "preflight-acao-mismatch",
    f"{_C}The value of the 'Access-Control-Allow-Credentials' header in the response is '' which must be 'true' when the request's "
    "credentials mode is 'include'.": "acac-not-true",
    f"{_P}It does not have HTTP ok status.": "preflight-status-not-ok",
    f"{_P}Redirect is not allowed for a preflight request.": "preflight-redirect",
    f"{_C}Method PUT is not allowed by Access-Control-Allow-Methods in preflight response.": "preflight-method-not-allowed",
    f"{_C}Request header field content-type is not allowed by Access-Control-Allow-Headers in preflight response.": "preflight-header-not-allowed",
    "Access to script at 'file:///a.js' from origin 'null' has been blocked by CORS policy: Cross origin requests are only supported "
    "for protocol schemes: chrome, chrome-extension, data, http, https.": "scheme-not-cors-enabled",
    f"{_C}Permission was denied for this request to access the `loopback` address space.": "lna-permission-denied",
    f"Mixed Content: The page at '{PAGE}/' was loaded over HTTPS, but requested an insecure resource 'http://api.example/'. This request "
    "has been blocked; the content must be served over HTTPS.": "mixed-content-refused",
    f"Refused to connect to '{API}' because it violates the following Content Security Policy directive: \"connect-src 'self'\".": "blocked-by-page-policy",
    f"GET {API} net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin 200 (OK)": "corp-not-same-origin",
    f"GET {API} net::ERR_CONNECTION_REFUSED": "actual-network-error",
    'Refused to get unsafe header "x-total"': "response-header-not-exposed",
}
FIREFOX = {
    f"{_F}CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 200.": "acao-missing",
    f"{_F}CORS header ‘Access-Control-Allow-Origin’ does not match ‘https://x.example’).": "acao-mismatch",
    f"{_F}Credential is not supported if the CORS header ‘Access-Control-Allow-Origin’ is ‘*’).": "acao-wildcard-with-credentials",
    f"{_F}Multiple CORS header ‘Access-Control-Allow-Origin’ not allowed).": "acao-multiple",
    f"{_F}expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’).": "acac-not-true",
    f"{_F}CORS preflight response did not succeed). Status code: 404.": "preflight-status-not-ok",
    f"{_F}Did not find method in CORS header ‘Access-Control-Allow-Methods’).": "preflight-method-not-allowed",
    f"{_F}header ‘content-type’ is not allowed according to header ‘Access-Control-Allow-Headers’ from CORS preflight response).": "preflight-header-not-allowed",
    f"{_F}missing token ‘x-a’ in CORS header ‘Access-Control-Allow-Headers’ from CORS preflight channel).": "preflight-header-not-allowed",
    f"{_F}invalid token ‘a b’ in CORS header ‘Access-Control-Allow-Methods’).": "preflight-acam-unparsable",
    f"{_F}invalid token ‘a b’ in CORS header ‘Access-Control-Allow-Headers’).": "preflight-acah-unparsable",
    f"{_F}CORS request did not succeed). Status code: (null).": "actual-network-error",
    f"{_F}CORS request not http).": "scheme-not-cors-enabled",
    f"{_F}CORS disabled).": "cors-disabled-by-user",
    f"{_F}CORS header ‘Origin’ cannot be added).": "origin-header-not-addable",
    "Blocked loading mixed active content “http://api.example/”": "mixed-content-refused",
    "Content-Security-Policy: The page’s settings blocked the loading of a resource (connect-src) at https://api.example/": "blocked-by-page-policy",
    f"The resource at “{API}” was blocked due to its Cross-Origin-Resource-Policy header (or lack thereof).": "corp-not-same-origin",
    f"The resource from “{API}” was blocked due to MIME type (“text/html”) mismatch (X-Content-Type-Options: nosniff).": "mime-or-nosniff-blocked",
    f"A resource is blocked by OpaqueResponseBlocking, please check browser console for details. {API}": "opaque-response-blocked",
}
SAFARI = {
    f"Origin {PAGE} is not allowed by Access-Control-Allow-Origin. Status code: 200": "acao-missing",
    f"[Error] Origin {PAGE} is not allowed by Access-Control-Allow-Origin.": "acao-missing",
    "[Error] Origin null is not allowed by Access-Control-Allow-Origin. Status code: 403": "acao-missing",
    "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true.": "acao-wildcard-with-credentials",
    f"XMLHttpRequest cannot load {API}. Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true.": "acao-wildcard-with-credentials",
    "Access-Control-Allow-Origin cannot contain more than one origin.": "acao-multiple",
    "[Error] Access-Control-Allow-Origin cannot contain more than one origin.": "acao-multiple",
    'Credentials flag is true, but Access-Control-Allow-Credentials is not "true".': "acac-not-true",
    '[Error] Credentials flag is true, but Access-Control-Allow-Credentials is not "true".': "acac-not-true",
    "Preflight response is not successful. Status code: 404": "preflight-status-not-ok",
    "[Error] Preflight response is not successful": "preflight-status-not-ok",
    "Method PUT is not allowed by Access-Control-Allow-Methods.": "preflight-method-not-allowed",
    "[Error] Method DELETE is not allowed by Access-Control-Allow-Methods.": "preflight-method-not-allowed",
    "Request header field Content-Type is not allowed by Access-Control-Allow-Headers.": "preflight-header-not-allowed",
    "[Error] Request header field X-A is not allowed by Access-Control-Allow-Headers.": "preflight-header-not-allowed",
    f"Cancelled load to {API} because it violates the resource's Cross-Origin-Resource-Policy response header.": "corp-not-same-origin",
    f"[blocked] The page at {PAGE}/ requested insecure content from http://api.example/. This content was blocked and must be served "
    "over HTTPS.": "mixed-content-refused",
    f"Refused to connect to {API} because it does not appear in the connect-src directive of the Content Security Policy.": "blocked-by-page-policy",
    f"[Error] Failed to load resource: Could not connect to the server. ({API})": "actual-network-error",
    'Refused to get unsafe header "X-Total"': "response-header-not-exposed",
}


_CDN = "https://cdn.example/a.js"
NEIGHBORS = {
    "Uncaught SecurityError: Failed to read a named property 'document' from 'Window': Blocked a frame with origin "
    '"https://app.example" from accessing a cross-origin frame.': "frame-access-refused",
    'Uncaught DOMException: Permission denied to access property "document" on cross-origin object': "frame-access-refused",
    "Failed to execute 'postMessage' on 'DOMWindow': The target origin provided ('https://app.example') does not match the recipient "
    "window's origin ('https://www.example').": "frame-access-refused",
    "Cross-Origin-Opener-Policy policy would block the window.closed call.": "opener-cut-off",
    "Script error.": "script-error-muted",
    f"Loading failed for the <script> with source “{_CDN}”.": "actual-network-error",
    f"Refused to display '{API}' in a frame because it set 'X-Frame-Options' to 'deny'.": "frame-refused",
    f"The loading of “{API}” in a frame is denied by “X-Frame-Options“ directive set to “DENY“.": "frame-refused",
    f"Refused to frame '{API}' because an ancestor violates the following Content Security Policy directive: \"frame-ancestors 'self'\".": "frame-refused",
    f"Refused to load {API} because it does not appear in the frame-ancestors directive of the Content Security Policy.": "frame-refused",
    "Uncaught SecurityError: Failed to execute 'toDataURL' on 'HTMLCanvasElement': Tainted canvases may not be exported.": "image-without-crossorigin",
    "SecurityError: Failed to execute 'getImageData' on 'CanvasRenderingContext2D': The canvas has been tainted by cross-origin data.": "image-without-crossorigin",
    "Uncaught DOMException: SecurityError: The operation is insecure.": "image-without-crossorigin",
    f"Cross-Origin Read Blocking (CORB) blocked cross-origin response {API} with MIME type application/json.": "opaque-response-blocked",
    "None of the “sha384” hashes in the integrity attribute match the content of the subresource at “https://cdn.example/a.js”.": "integrity-mismatch",
    f"Cannot load script {_CDN}. Failed integrity metadata check. Content length: 12, Expected content length: 12": "integrity-mismatch",
    f"“{_CDN}” is not eligible for integrity checks since it’s neither CORS-enabled nor same-origin.": "integrity-mismatch",
    f"Subresource Integrity: The resource '{_CDN}' has an integrity attribute, but the resource requires the request to be CORS enabled "
    "to check the integrity, and it is not.": "integrity-mismatch",
    f"Failed to load ‘{_CDN}’. A ServiceWorker passed an opaque Response to FetchEvent.respondWith() while handling a ‘cors’ FetchEvent.": "opaque-response",
    f'The FetchEvent for "{_CDN}" resulted in a network error response: an "opaque" response was used for a request whose type is not '
    "no-cors": "opaque-response",
    "WebSocket connection to 'wss://api.example/ws' failed: Error during WebSocket handshake: Unexpected response code: 403": "websocket-refused",
    "Firefox can’t establish a connection to the server at wss://api.example/ws.": "websocket-refused",
    "WebSocket connection to 'wss://api.example/ws' failed: There was a bad response from the server.": "websocket-refused",
    "WebSocket connection to 'ws://localhost:1/' failed: Error in connection establishment: net::ERR_CONNECTION_REFUSED": "actual-network-error",
    "A preload for 'https://cdn.example/f.woff2' is found, but is not used because the request credentials mode does not match.": "font-preload-without-crossorigin",
    "POST https://o1.ingest.example/envelope/ net::ERR_BLOCKED_BY_CLIENT": "blocked-by-extension",
    "The resource at “https://www.tracker.example/a.js” was blocked because Enhanced Tracking Protection is enabled.": "blocked-by-tracking-protection",
    "Request to access cookie or storage on “https://ads.example/” was blocked because it came from a tracker and Enhanced Tracking Protection "
    "is enabled.": "third-party-cookies-held-back",
    f"GET {API} net::ERR_ABORTED": "request-cancelled",
    "Cookie “sid” has been rejected because it is in a cross-site context and its “SameSite” is “Lax” or “Strict”.": "cookie-stays-home",
    'downloadable font: download failed (font-family: "Inter" style:normal weight:400 stretch:100 src index:0): bad URI or cross-site '
    "access not allowed source: https://cdn.example/f.woff2": "acao-missing",
    "GET http://192.168.1.5/ net::ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS": "lna-permission-denied",
    "Blocked loading mixed display content “http://api.example/a.png”": "mixed-content-refused",
    'Fetch API cannot load file:///a.json. URL scheme "file" is not supported.': "scheme-not-cors-enabled",
    f"Fetch API cannot load {API} due to access control checks.": "browser-refused",
    "Uncaught (in promise) TypeError: Failed to fetch": "browser-refused",
}


PASTED = {
    f"(index):1 Access to fetch at\n'{API}' from origin\n'{PAGE}' has been blocked by CORS\npolicy: No 'Access-Control-Allow-Origin' header is\npresent on "
    "the requested resource.": "acao-missing",
    "Cross-Origin Resource Sharing error: PreflightMissingAllowOriginHeader": "preflight-acao-missing",
    "CORS error: MissingAllowOriginHeader": "acao-missing",
    "https://developer.mozilla.org/docs/Web/HTTP/CORS/Errors/CORSMissingAllowCredentials?utm_source=devtools": "acac-not-true",
    "Ensure CORS response header values are valid": "acao-missing",
    "Ensure preflight responses are valid": "preflight-status-not-ok",
    "Ensure CORS request includes only allowed headers": "preflight-header-not-allowed",
    "Ensure CORS requesting origin matches resource’s allowed origin": "acao-mismatch",
    "Ensure credentialed requests aren’t sent to CORS resources with origin wildcards": "acao-wildcard-with-credentials",
    "AxiosError {message: 'Network Error', name: 'AxiosError', code: 'ERR_NETWORK', config: {…}}": "browser-refused",
    f"Http failure response for {API}: 0 Unknown Error": "browser-refused",
    f"Access to fetch at '{API}' from origin '{PAGE}' has been blocked by CORS policy": "acao-missing",
    f"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at {API}": "acao-missing",
    "CORS error": "acao-missing",
    f"[Error] Cross-origin redirection to {API} denied by Cross-Origin Resource Sharing policy: Origin {PAGE} is not allowed by "
    "Access-Control-Allow-Origin.": "acao-missing",
    f"GET {API} net::ERR_TIMED_OUT": "actual-network-error",
    f"api.js:14 GET {API} net::ERR_FAILED 200 (OK)": "acao-missing",
    f"XHRGET{API} CORS Missing Allow Origin": "acao-missing",
    f"XHROPTIONS{API} CORS Missing Allow Origin": "preflight-acao-missing",
    f"XHROPTIONS{API} CORS Preflight Did Not Succeed": "preflight-status-not-ok",
    "CORS Allow Origin Not Matching Origin": "acao-mismatch",
    "CORS No Allow Credentials": "acao-wildcard-with-credentials",
    "CORS Missing Allow Header": "preflight-header-not-allowed",
    "CORS Failed": "actual-network-error",
    "NS_ERROR_DOM_BAD_URI": "browser-refused",
    "NS_ERROR_UNKNOWN_HOST": "actual-network-error",
    "[Error] Failed to load resource: The network connection was lost. (users, line 0)": "actual-network-error",
    "[Error] Failed to load resource: An SSL error has occurred and a secure connection to the server cannot be made.": "actual-network-error",
    "[Error] Failed to load resource: cancelled (users, line 0)": "request-cancelled",
    "[Error] Not allowed to request resource\n\tfetch (app.js:4)": "mixed-content-refused",
}
"""What is pasted beside whole lines: wrapped ones, tooltips, titles of the Issues tab, links, and the words of Firefox's Network panel."""


@pytest.mark.parametrize("line", PASTED)
def test_what_people_paste_names_its_rule(line: str) -> None:
    assert rules_of_line(line)[:1] == (PASTED[line],)


def test_a_line_of_a_neighbor_names_its_rule() -> None:
    said = {line: rules_of_line(line)[:1] for line in NEIGHBORS}
    assert said == {line: (rule,) for line, rule in NEIGHBORS.items()}
    assert set(NEIGHBORS.values()) <= set(load_rules().rules)


@pytest.mark.parametrize("line", [*CHROME, *FIREFOX, *SAFARI])
def test_a_line_names_its_reason(line: str) -> None:
    assert rules_of_line(line)[0] == (CHROME | FIREFOX | SAFARI)[line]


def test_there_are_twenty_an_engine() -> None:
    assert [len(CHROME), len(FIREFOX), len(SAFARI)] == [20, 20, 20]


def test_safari_says_missing_and_mismatched_in_the_same_words() -> None:
    assert rules_of_line(next(iter(SAFARI))) == (Reason.ACAO_MISSING, Reason.ACAO_MISMATCH)


@pytest.mark.parametrize(
    "line", ["", "how do I fix CORS at https://api.example/?", 'Refused to set unsafe header "Origin"', "the answer is 42"]
)
def test_a_line_without_a_reason_names_none(line: str) -> None:
    assert rules_of_line(line) == ()


def test_every_code_of_a_browser_names_its_reasons() -> None:
    for reason, names in NAMES.items():
        for code in (*names.chromium, *names.chromium_other, *names.firefox, *names.mdn):
            assert reason in reasons_of_code(code) and reason in reasons_of_code(code.lower())
    assert reasons_of_code("MissingAllowOriginHeader")[0] is Reason.ACAO_MISSING, "the response before the preflight"


# What stands beside the reason in Firefox's own translations, shortened.
OTHER_LANGUAGES = {
    f"Quellübergreifende (Cross-Origin) Anfrage blockiert: … auf {API}. (Grund: CORS-Kopfzeile 'Access-Control-Allow-Origin' fehlt). Statuscode: 200.": "acao-missing",
    f"… auf {API}. (Grund: CORS-Kopfzeile 'Access-Control-Allow-Origin' stimmt nicht mit 'https://x.example' überein).": "acao-mismatch",
    f"… auf {API}. (Grund: CORS-Preflight-Antwort schlug fehl). Statuscode: 404.": "preflight-status-not-ok",
    f"… auf {API}. (Grund: CORS-Anfrage schlug fehl). Statuscode: (null).": "actual-network-error",
    f"… située sur {API}. Raison : l’en-tête CORS « Access-Control-Allow-Origin » est manquant. Code d’état : 200.": "acao-missing",
    f"… remoto en {API} (razón: se esperaba 'true' en la cabecera CORS 'Access-Control-Allow-Credentials').": "acac-not-true",
    f"… remoto en '{API}' (razón: la credencial no se admite si la cabecera CORS 'Access-Control-Allow-Credentials' es '*').": "acao-wildcard-with-credentials",
    f"… {API} (motivo: método não encontrado no cabeçalho 'Access-Control-Allow-Methods' do CORS).": "preflight-method-not-allowed",
    f"… {API} (原因: CORS ヘッダー ‘Access-Control-Allow-Origin’ が ‘https://x.example’ と異なる)": "acao-mismatch",
    f"… {API}. (Powód: niedozwolony nagłówek „x-a” według nagłówka „Access-Control-Allow-Headers” w odpowiedzi „preflight” CORS).": "preflight-header-not-allowed",
    f"… {API} (motivo: header CORS “Access-Control-Allow-Origin” multipli non consentiti).": "acao-multiple",
    f"已拦截跨源请求：同源策略禁止读取位于 {API} 的远程资源。（原因：CORS 未启用）。": "cors-disabled-by-user",
    f"クロスオリジン要求をブロックしました: 同一生成元ポリシーにより、{API} にあるリモートリソースの読み込みは拒否されます (理由: CORS 要求が http でない)。": "scheme-not-cors-enabled",
    f"Запрос из постороннего источника заблокирован: Политика одного источника запрещает чтение удалённого ресурса на {API}. (Причина: "
    "Не удалось добавить CORS-заголовок «Origin»).": "origin-header-not-addable",
    f"Quellübergreifende (Cross-Origin) Anfrage blockiert: Die Gleiche-Quelle-Regel verbietet das Lesen der externen Ressource auf {API}. "
    "(Grund: Externe Weiterleitung der CORS-Anfrage verboten).": "preflight-redirect",
    f"Blocage d’une requête multiorigine (Cross-Origin Request) : la politique « Same Origin » ne permet pas de consulter la ressource "
    f"distante située sur {API}. Raison : méthode manquante dans l’en-tête « Access-Control-Allow-Methods ».": "preflight-method-not-allowed",
    f"Solicitud desde otro origen bloqueada: la política de mismo origen impide leer el recurso remoto en {API} (razón: token 'a b' no "
    "válido en la cabecera CORS 'Access-Control-Allow-Headers').": "preflight-acah-unparsable",
    f"Çapraz köken isteği engellendi: Aynı Köken İlkesi, {API} üzerindeki uzak kaynağın okunmasına izin vermiyor. (Sebep: CORS üst "
    "bilgisi ‘Access-Control-Allow-Methods’ta geçersiz ‘a b’ jetonu.)": "preflight-acam-unparsable",
}  # fmt: skip


def test_firefox_in_other_languages() -> None:
    assert {line: rules_of_line(line)[0] for line in OTHER_LANGUAGES} == OTHER_LANGUAGES


# Lines of older versions, with the count of repeats behind them, or in words that a translation has since changed: people still paste them.
AS_PASTED = {
    f"{_F}CORS header ‘Access-Control-Allow-Origin’ does not match ‘*, *’).": "acao-multiple",
    f"{_F}CORS header 'Access-Control-Allow-Origin' does not match '*').": "acao-wildcard-with-credentials",
    f"{_F}CORS header “Access-Control-Allow-Origin” does not match “api.example”).": "acao-mismatch",
    f"… auf {API}. (Grund: CORS-Kopfzeile 'Access-Control-Allow-Origin' stimmt nicht mit '(null)' überein).": "acao-mismatch",
    f"… auf {API}. (Grund: CORS-Preflight-Kanal war nicht erfolgreich).": "preflight-status-not-ok",
    f"… remoto em {API}. (Motivo: a pré-conexão CORS falhou).": "preflight-status-not-ok",
    f"… 位于 {API} 的远程资源。（原因：CORS 预检通道未成功）": "preflight-status-not-ok",
    f"… 位于 {API} 的远程资源。（原因：CORS 头缺少 'Access-Control-Allow-Origin'）。": "acao-missing",
    f"… remoto em {API}. (Motivo: o cabeçalho CORS 'Access-Control-Allow-Origin' não está presente).": "acao-missing",
    f"… ресурса на {API}. (Причина: отсутствует заголовок CORS «Access-Control-Allow-Origin»).": "acao-missing",
    f"… externe bron op {API} niet toe. (Reden: CORS-header ‘Access-Control-Allow-Origin’ ontbreekt).": "acao-missing",
    f"… située sur {API}. Raison : échec de la requête CORS.1 <inconnu>": "actual-network-error",
    f"… située sur {API}. Raison : échec de la requête CORS. Code d’état : (null). 2": "actual-network-error",
    f"… située sur {API}. Raison : échec de la réponse de pré-vérification CORS. Code d’état : 403. 2": "preflight-status-not-ok",
    f"XMLHttpRequest cannot load {API}. A wildcard '*' cannot be used in the 'Access-Control-Allow-Origin' header when the credentials "
    f"flag is true. Origin '{PAGE}' is therefore not allowed access.": "acao-wildcard-with-credentials",
    f"XMLHttpRequest cannot load {API}. Response for preflight has invalid HTTP status code 404": "preflight-status-not-ok",
    f"{_C}Request had a target IP address space of `local` yet the resource is in address space `loopback`.": "lna-address-space-mismatch",
    f"{_C}Request had no target IP address space, yet the resource is in address space `local`.": "lna-address-space-mismatch",
    f"{_P}No 'Access-Control-Allow-Private-Network' header was present in the preflight response for this private network request "
    "targeting the `local` address space.": "private-network-preflight-obsolete",
}  # fmt: skip


def test_lines_as_people_paste_them_into_issues() -> None:
    assert {line: rules_of_line(line)[0] for line in AS_PASTED} == AS_PASTED


def test_a_reason_that_is_not_known_is_not_taken_for_a_line_that_was_cut() -> None:
    assert rules_of_line(f"{_C}The server smells of elderberries.") == ()


def test_less_common_lines() -> None:
    lines = {
        f"{_C}Redirect location 'ftp://x/' has a disallowed scheme for cross-origin requests.": "redirect-scheme-not-http",
        'Fetch API cannot load https://a/. Redirects are not supported: redirect mode is "error"': "redirect-mode-error",
        f"{_F}CORS request external redirect not allowed).": "preflight-redirect",
        "Cross-origin script load denied by Cross-Origin Resource Sharing policy.": "acao-missing",
        "downloadable font: download failed: bad URI or cross-site access not allowed source: https://a/f.woff2": "acao-missing",
    }
    assert {line: rules_of_line(line)[0] for line in lines} == lines
