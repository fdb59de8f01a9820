# ruff: noqa: E501 — a line is what servers say for one thing
"""What mail servers say, in the order in which it counts: the first that is said tells the reason."""

from __future__ import annotations

import re
from enum import StrEnum


class Reason(StrEnum):
    """Why a mail did not arrive."""

    UNKNOWN_USER = "unknown-user"
    UNKNOWN_HOST = "unknown-host"
    MOVED = "moved"
    TAKES_NO_MAIL = "takes-no-mail"
    FULL = "full"
    SUSPENDED = "suspended"
    FILTERED = "filtered"
    BLOCKED = "blocked"
    SPAM = "spam"
    VIRUS = "virus"
    POLICY = "policy"
    AUTHENTICATION = "authentication"
    SENDER = "sender"
    RELAYING = "relaying"
    TOO_LARGE = "too-large"
    CONTENT = "content"
    TOO_MANY = "too-many"
    EXPIRED = "expired"
    NETWORK = "network"
    MAILER = "mailer"
    SYSTEM = "system"
    PROTOCOL = "protocol"
    OTHER = "other"


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# What is wrong with the sender, its server or the mail stands before what is wrong with the receiver.
WORDS: tuple[tuple[Reason, re.Pattern[str]], ...] = (
    (
        Reason.AUTHENTICATION,
        _any(
            r"\b(?:spf|dkim|dmarc|arc)\b[^.]{0,60}(?:fail|not pass|violat|reject|check|unauthenticated|policy|required|soft)",
            r"(?:fail|not pass|violat|reject|due to|against|did not)[^.]{0,60}\b(?:spf|dkim|dmarc)\b",
            r"unauthenticated (?:email|mail|messages?)|does not have authentication information|fails to pass authentication",
            r"sender (?:policy framework|is unauthenticated)|authentication (?:checks?|results?) (?:fail|did not)",
            r"dkim unauthenticated|not accepted due to domain's dmarc|unauthenticated and is not|sender id \(pra\)",
        ),
    ),
    (
        Reason.SENDER,
        _any(
            r"(?:domain of )?sender(?:'s)?(?: e-?mail)?(?: address| domain)?[^.:;]{0,40}?(?:\S+@\S+ )?"
            r"(?:does not exist|rejected|not exist|invalid|verification failed|verify failed|unknown|could not be verified"
            r"|denied|not allowed|refused|is not (?:allowed|accepted|valid)|blocked|not found|must resolve)",
            r"(?:invalid|bad|unknown|unverified|unroutable|unacceptable) (?:envelope[- ])?sender",
            r"domain of sender address|(?:mail from|return[- ]path|envelope from)[^.]{0,40}(?:rejected|invalid|denied|not exist)",
            r"from (?:address|domain)[^.]{0,30}(?:not (?:exist|verified|allowed)|reject|invalid|denied)|callback (?:setup )?failed",
            r"backscatter protection|email address is not verified|sender'?s (?:mx|a) record|rejecting bounce|bounce verification",
            r"unauthenticated sender|sender (?:was )?(?:denied|rejected)|you are not allowed to (?:send|post)|only members",
        ),
    ),
    (
        Reason.RELAYING,
        _any(
            r"relay(?:ing)?(?: mail)?(?: access)?(?: is)? ?(?:denied|not (?:permitted|allowed)|prohibited|rejected|disallowed)",
            r"(?:un(?:able|authorized)|not (?:able|configured|permitted|allowed|authorized)|refus\w*|cannot|denied|no|is an open) "
            r"(?:to )?relay",
            r"we do not relay|relayed? (?:not|through)|isn'?t in my list of allowed rcpthosts|isn'?t in my control/locals"
            r"|that domain isn'?t in (?:the|my) list|domain not in my badrelay|insecure mail relay|mail server requires authentication"
            r"|this system is not configured to relay",
        ),
    ),
    (
        Reason.TOO_MANY,
        _any(
            r"too many (?:recipients?|connections?|messages?|mails?|emails?|concurrent|sessions?|errors?|unknown|requests?|smtp)",
            r"(?:rate|connection|message|sending|hourly|daily)[- ]?(?:rate[- ])?limit|rate[- ]limited|exceeded the (?:rate|maximum number)",
            r"receiving (?:mail|messages) (?:at a rate|too quickly|too fast)|receiving mail at a rate|throttl|sending too (?:fast|many|much)",
            r"excessive (?:unknown|number)|concurrent connections|maximum number of (?:connections|recipients|messages)"
            r"|allowed number of|unusual rate|slow down|try again (?:more )?slowly|please slow|quota on (?:rejected|sending)",
        ),
    ),
    (
        Reason.BLOCKED,
        _any(
            r"\b(?:ptr|rdns|reverse dns|reverse mapping|reverse hostname|fcrdns)\b|ip name lookup failed|ip name possibly forged",
            r"cannot (?:find|resolve) your (?:reverse|hostname|host name)|client host rejected|cannot find your hostname|helo command rejected",
            r"black ?-?list|block ?-?list|deny ?-?list|\b(?:dns|rhs)?r?bl\b|spamhaus|spamcop|barracuda|sorbs|dnsbl|uceprotect|zen\.|\(bl\)",
            r"blocked (?:by|due|using|for|because|-|see|from|at|until)|(?:has|have|was|is|been|are) (?:temporarily |currently )?blocked",
            r"\b(?:ip|host|server|client|connection|network|address \[?\d)[^.]{0,60}(?:block|banned|reject|refused|denied|not allowed|blacklist)",
            r"(?:your|sending|sender'?s?|the) (?:ip|server|mail server|host|network|mta|domain)[^.]{0,50}(?:block|ban|reject|listed|denied)"
            r"|reputation|bad sender|not accepting (?:mail|connections) from|refused to talk to me|access from your|dynamic (?:ip|address|pool)"
            r"|residential|home (?:ip|user)|greylist|grey-list|graylist|temporarily deferred|deferred due to user complaints|ip address is"
            r"|\[ts0\d\]|\[tss\d\d\]|client network|you have been|banned sending ip|messages? from [\d.\[\]]+[^.]{0,40}(?:deferred|block)"
            r"|mail from your|\bfrom your (?:server|host|ip|network|isp|domain)|user complaints|service not available, closing",
        ),
    ),
    (
        Reason.VIRUS,
        _any(
            r"\bvirus|malware|infected|trojan|worm\b|phish|malicious|harmful (?:attach|content)|potentially (?:dangerous|executable)"
            r"|executable (?:attachment|file)",
        ),
    ),
    (
        Reason.SPAM,
        _any(
            r"\bspam|\buce\b|unsolicited|bulk (?:mail|e-?mail)|junk|bayes|suspected to be|looks? like spam|spamming|\bube\b|razor|mail appears",
            r"high probability|score (?:is )?(?:too high|of)|urls? (?:contained )?in (?:this|the|your) (?:message|mail)|(?:content|message) "
            r"(?:filter(?:ed|ing)?|is filtered)|antispam|identified as",
        ),
    ),
    (
        Reason.FULL,
        _any(
            r"(?:mail ?box|mail ?folder|mail ?drop|inbox|account|user|recipient|storage|disk|mail)[^.:]{0,40}"
            r"(?:\bfull\b|over ?quota|over its|over the|exceed(?:s|ed|ing)?[^.]{0,30}(?:quota|storage|size|limit|space)|out of (?:space|storage))",
            r"(?:over|exceed\w*|out of|beyond|above|insufficient|not enough|no|reached|has)[^.]{0,25}(?:disk |storage |mail ?box )?"
            r"(?:quota|storage|mailbox (?:size|space))",
            r"quota (?:exceed|full|violat|limit|is over)|exceeded (?:the |its |their |your )?(?:disk |storage )?quota|mailbox size limit|boîte[^.]{0,30}pleine"
            r"|postfach[^.]{0,20}voll|buzón[^.]{0,20}lleno|容量(?:不足|已满)|邮箱已满|邮箱空间不足|casella piena|too much (?:mail|unread)|disc quota",
        ),
    ),
    (
        Reason.TOO_LARGE,
        _any(
            r"(?:message|mail|e-?mail|data|size|content|attachment)[^.]{0,40}(?:too (?:large|big|long)|exceeds? (?:the |a |fixed |maximum )?"
            r"[^.]{0,40}(?:size|limit|length|maximum))",
            r"(?:size|length) (?:limit|of (?:the|this) message)[^.]{0,30}(?:exceed|larger)|maximum (?:message|mail|allowed)? ?size|exceeds? size"
            r"|larger than the (?:current|maximum|limit)|too large|too big",
        ),
    ),
    (
        Reason.NETWORK,
        _any(
            r"try again|temporar\w* (?:lookup|name|dns|resolution|failure in name)|name (?:server|service)[^.]{0,60}(?:try again|timed? ?out|malformed|temporary)",
            r"connection (?:timed? ?out|refused|reset|was (?:closed|lost|dropped)|lost|died|dropped|closed)|lost connection|no route to host"
            r"|network (?:is )?(?:unreachable|error)|timed? ?out (?:while|during|after)|timeout while|couldn'?t establish|could not connect"
            r"|unable to connect|failed to connect|conversation with|host (?:is )?(?:down|unreachable)|broken pipe|too many hops|hop count"
            r"|mail (?:forwarding )?loop|loops? back to|routing loop|looping|malformed or unexpected name server|tls (?:is )?required|starttls|handshake|certificate"
            r"|unable to (?:look up|resolve) (?:mx|the mx)|bad file number|no (?:suitable|usable) (?:mx|shops)|connection attempt failed"
            r"|could not contact dns",
        ),
    ),
    (
        Reason.EXPIRED,
        _any(
            r"(?:retry|delivery|message|queue)[ \w]{0,20}(?:time ?-?out|time)[^.]{0,20}(?:exceeded|expired)|delivery (?:time )?expired|expired",
            r"too long (?:in|on) (?:the |this )?queue|been in the queue too long|(?:un|not )delivered (?:for|after|in) (?:more than )?\d+ (?:hour|day|minute)"
            r"|could not be delivered (?:for|within|in) (?:more than )?\d+|unable to deliver (?:this message )?(?:for|after|within)"
            r"|maximum (?:time|age|retries)|retries? (?:exceeded|limit)|was not delivered within|after \d+ (?:hours|days)",
        ),
    ),
    (
        Reason.SUSPENDED,
        _any(
            r"(?:account|mail ?box|user|recipient|address|domain|e-?mail)[^.]{0,60}"
            r"(?:disabled|suspend|inactive|deactivated|locked|frozen|discontinued|temporarily (?:unavailable|closed)|not active|on hold|expired"
            r"|not (?:been )?activated|terminated|closed due|restricted|paused|de-activated)",
            r"(?:disabled|suspended|inactive|deactivated|locked|frozen|discontinued|dormant|expired) (?:\w+ )?(?:account|mail ?box|user|recipient|address|e-?mail)"
            r"|currently suspended|account is unavailable|invalid/inactive|no longer active|inactivity",
        ),
    ),
    (
        Reason.TAKES_NO_MAIL,
        _any(
            r"(?:does|do|will|can) ?not (?:accept|receive|take|handle)(?:s)? (?:any )?(?:e-?)?mails?(?:\b)(?! from)|null ?mx|no inbound mail"
            r"|nullmx|name server returned mx 0|smtp protocol returned a permanent error 521|host (?:/domain )?does not accept mail|"
            r"no mail (?:accepted|service) (?:here|for (?:this )?domain)|mail (?:is )?not accepted (?:here|for this domain)",
        ),
    ),
    (
        Reason.MOVED,
        _any(
            r"(?:has |have |user |recipient )?moved to|address(?: has)? changed|please (?:forward|try|use|send)(?: it| mail)?(?: to)? <?\S+@\S+"
            r"|user not local|not our customer|no longer on (?:this )?server|has been replaced|new address|address is no longer (?:in use|used)",
        ),
    ),
    (
        Reason.UNKNOWN_USER,
        _any(
            r"(?:user|recipient|mail ?box|account|address(?:ee)?|mail ?drop|person|alias|rcpt|local[- ]part|subscriber|customer|login|member|name|inbox|receiver|destinat\w+)"
            r"[^.;]{0,90}?(?:unknown|not (?:been )?(?:found|known|exists?|recogni[sz]ed|listed|valid|defined|present|registered|hosted|have)"
            r"|doesn'?t exist|does not (?:exist|have|match)|do not exist|don'?t exist|invalid|unavailable|no longer (?:exist|available|valid|here|with|in use|works)"
            r"|isn'?t (?:here|known|valid|available)|non[- ]?exist|has been (?:deleted|removed)|is (?:in)?valid|not accepted|not available|undeliverable|incorrect|nonexist|inconnu|invalide|n'existe)",
            r"(?:unknown|invalid|no such|non-?existent|bad|undeliverable|unrecogni[sz]ed|incorrect|illegal|not a (?:valid|known)|nosuch|unroutable|no valid|not (?:our|a local)|destination)[ -]+"
            r"(?:local |e-?mail |destination |recipient |virtual |mailbox |smtp |address |receiver )?"
            r"(?:user|recipient|mail ?box|account|address|alias|person|name|rcpt|local[- ]part|mail ?drop|subscriber|receiver|contact|destination|directory)",
            r"no (?:mail ?box|account|user|one|person|recipient|such)(?: (?:here|by|with|of|found|at|is|user|address|mailbox|person|recipient|local)| in )|"
            r"user (?:doesn'?t|does not) have|not listed in (?:the )?(?:public|domino|directory|name)|this (?:user|address|recipient)[^.]{0,30}(?:not|no longer)",
            r"recipnotfound|recipientnotfound|adr\.recip|does not like recipient|recipient (?:address )?(?:was )?reject(?:ed)?(?: by)?(?::? access denied|\.|$| \(|: <|: undeliverable)"
            r"|not a known user|can'?t find (?:the )?(?:user|recipient|address)|is not a valid (?:mailbox|user|recipient|address)|couldn'?t be found"
            r"|no (?:valid )?recipients?\b|could not be found|wasn'?t found at|address (?:you (?:sent|entered)|was) [^.]{0,40}(?:not|wrong)"
            r"|bad destination|not known here|unknown recipient|unrouteable address|unroutable address|recipient unknown|user(?:name)? unknown"
            r"|mailbox unavailable|no such|address not found|recipient (?:name )?is not recogni[sz]ed|adresse[^.]{0,40}(?:invalide|inconnue|unbekannt|existiert)|empfänger[^.]{0,30}unbekannt"
            r"|destinatario[^.]{0,30}(?:desconocido|inesistente|sconosciuto)|用户不存在|收件人不存在|不存在|地址不存在|(?:宛先|ユーザ)\S{0,20}(?:存在|不明|見つかりません)",
        ),
    ),
    (
        Reason.UNKNOWN_HOST,
        _any(
            r"(?:host|domain|site|system|mx|server|destination)(?: name| or domain name)?[^.;]{0,60}(?:unknown|not (?:be )?found|does not exist|doesn'?t exist|non-?exist|invalid|not exist|no dns)",
            r"(?:unknown|no such|invalid|non-?existent|unresolvable|bad) (?:mail )?(?:host|domain|site|server|destination system|system)"
            r"|couldn'?t find any host|no (?:mx|dns)(?: or a)? (?:record|entry|information)|nxdomain|unable to resolve|cannot resolve|name or service not known"
            r"|all relevant mx records point|host address lookups? failed|domain (?:is )?not (?:found|exist)|no mail hosts? for|hostname nor servname|address resolution of"
            r"|mx record[^.]{0,40}(?:not|invalid)|illegal host|dns (?:lookup )?(?:fail|error)|recipient'?s? domain|infodomainnonexistent",
        ),
    ),
    (
        Reason.MAILER,
        _any(
            r"command (?:died|failed|output|time limit)|unknown mailer error|procmail|maildrop|local delivery (?:failed|agent)|exit (?:value|status|code)"
            r"|pipe (?:to|command|transport)|x-unix|mailer error|child process|temporary local problem|local error",
        ),
    ),
    (
        Reason.POLICY,
        _any(
            r"policy|policies|not (?:allowed|permitted|authorized|accepted)|prohibited|administrative|denied|refused|refuse|rejected|reject|violat|restrict|forbidden"
            r"|security|access|permission|disallowed|filtered|delivery not authorized|unacceptable|administrator|declined",
        ),
    ),
    (
        Reason.SYSTEM,
        _any(
            r"system (?:error|problem|failure)|server (?:error|configuration|failure|too busy)|internal (?:error|server)|disk|i/o error|resources?|insufficient"
            r"|temporary|unavailable|service (?:not|un)|configuration|out of memory|overload|busy|problem|error|cannot|could not|unable|failed",
        ),
    ),
    (
        Reason.CONTENT,
        _any(
            r"content|message[- ]id|header|mime|8-?bit|charset|encoding|rfc ?\d{3,4}|format|subject|attachment|bare (?:lf|cr)|malformed|duplicate|syntax",
        ),
    ),
)  # fmt: skip
