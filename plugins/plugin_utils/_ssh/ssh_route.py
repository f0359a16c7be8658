# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Makes a Route from the output of C(ssh -G), or gives the reason why not. The rules are those of ssh_config(5).

A setting is honoured by the Route, or cannot matter, or has OpenSSH's own default. Any other setting, including future
ones, keeps the host out. None is overlooked.
"""

from __future__ import annotations

import functools
import ipaddress
import os
import pwd
import re
import typing as t
from dataclasses import dataclass, field

from .route import Route
from .ssh_config import NotUnderstoodError, Settings

_HONOURED = """
addressfamily batchmode casignaturealgorithms checkhostip ciphers compression connectionattempts connecttimeout
globalknownhostsfile gssapidelegatecredentials hostkeyalgorithms hostkeyalias hostname identitiesonly identityagent
identityfile kbdinteractiveauthentication kexalgorithms localcommand macs numberofpasswordprompts
passwordauthentication permitlocalcommand port preferredauthentications proxyjump pubkeyacceptedalgorithms
pubkeyacceptedkeytypes pubkeyauthentication rekeylimit requesttty requiredrsasize sendenv serveralivecountmax
serveraliveinterval setenv stricthostkeychecking user userknownhostsfile
"""
_WITHOUT_EFFECT = {
    "what was asked for": "host",
    "of use only with CanonicalizeHostname": """
        canonicaldomains canonicalizefallbacklocal canonicalizemaxdots canonicalizepermittedcnames""",
    "connections that ssh shares with itself": "controlmaster controlpath controlpersist",
    "a key goes to no agent": "addkeystoagent",
    "there is no terminal": """
        enableescapecommandline escapechar obscurekeystroketiming visualhostkey fingerprinthash""",
    "nothing is forwarded": """
        clearallforwardings exitonforwardfailure forwardx11 forwardx11timeout forwardx11trusted gatewayports
        permitremoteopen streamlocalbindmask streamlocalbindunlink tunneldevice xauthlocation""",
    "not supported: a host with no other way to log in refuses": """
        challengeresponseauthentication gssapiauthentication gssapiclientidentity gssapikexalgorithms
        gssapirenewalforcesrekey gssapiserveridentity gssapitrustdns hostbasedacceptedalgorithms
        hostbasedauthentication hostbasedkeytypes enablesshkeysign kbdinteractivedevices securitykeyprovider""",
    "nothing is written to known_hosts": "hashknownhosts updatehostkeys",
    "for people": "loglevel logverbose syslogfacility warnweakcrypto",
    "how the network ranks the packets": "ipqos",
    "has done its work when the configuration is read": "ignoreunknown tag",
    "the system looks whether a peer is there after two hours": "tcpkeepalive",
    "of use only with ProxyCommand, which keeps a host out": "proxyusefdpass",
}
_NEED_NOT_BE_DEFAULT = frozenset(" ".join((_HONOURED, *_WITHOUT_EFFECT.values())).split())

# asyncssh's own rekeying, which has to be at least what the user wants: a new key after so many bytes and seconds.
REKEY_BYTES = 1 << 30
REKEY_SECONDS = 3600

# The supported ways to authenticate, in the order in which they are tried.
_METHODS = ("publickey", "keyboard-interactive", "password")
_YES = ("yes", "true")
_NO = ("no", "false", "off")
_NAME = re.compile(r"[A-Za-z0-9_.:%-]+")
_SHOWN = re.compile(r"[\w.,:@/ -]{1,60}")
_TOKEN = re.compile(r"%(.?)|\$\{(\w+)\}")


@dataclass(frozen=True)
class Surroundings:
    """ssh's further inputs. exists: whether a path exists. environment: variables of the process."""

    exists: t.Callable[[str], bool] = os.path.exists
    environment: t.Mapping[str, str] = field(default_factory=lambda: os.environ)
    home: str = field(default_factory=lambda: pwd.getpwuid(os.getuid()).pw_dir)


def route(
    settings: Settings,
    default: Settings,
    asked: str,
    password: str | None = None,
    jump: Route | None = None,
    around: Surroundings | None = None,
) -> Route:
    """The way to a server.

    settings: the output of C(ssh -G). default: its output without any configuration. asked: the host as given to ssh.
    password: for password authentication. jump: the way to the jump host, if there is one.

    Raises NotUnderstoodError.
    """
    return _Reader(settings, asked, around or Surroundings()).route(default, password, jump)


def environment(settings: Settings, around: Surroundings | None = None) -> tuple[tuple[str, str], ...]:
    """The variables that a session sends to the server. settings: output of C(ssh -G). Raises NotUnderstoodError."""
    around = around or Surroundings()
    sent = _patterns(settings.get("sendenv", ()))
    found = {name: value for name, value in around.environment.items() if sent.fullmatch(name)}
    for value in settings.get("setenv", ()):
        name, _equals, content = value.partition("=")
        found[name] = content
    if not all(_is_text(value) for value in found.values()):
        raise NotUnderstoodError("a variable that ssh option sendenv or setenv names is not in UTF-8")
    return tuple(sorted(found.items()))


class _Reader:
    """Reads the settings of one host."""

    def __init__(self, settings: Settings, asked: str, around: Surroundings) -> None:
        self._settings = settings
        self._asked = asked
        self._around = around
        self._address = self._one("hostname")
        self._user = self._one("user")
        self._port = self._number("port")
        self._name = self._one("hostkeyalias", self._address)

    def route(self, default: Settings, password: str | None, jump: Route | None) -> Route:
        self._only_understood(default)
        if ("proxyjump" in self._settings) != (jump is not None):
            raise NotUnderstoodError("ssh does not say how it reaches the jump host")
        methods = self._methods()
        interactive = self._flag("kbdinteractiveauthentication") and _allows(methods, "keyboard-interactive")
        if password is not None:
            self._password_may_be_sent(methods)
        with_key = _allows(methods, "publickey")
        return Route(
            address=self._address,
            port=self._port,
            user=self._user,
            name=self._name,
            alias="hostkeyalias" in self._settings,
            keys=self._identities() if with_key else (),
            agent=self._agent() if with_key else None,
            only_keys=self._flag("identitiesonly"),
            password=password,
            known_hosts=(*self._files("userknownhostsfile"), *self._files("globalknownhostsfile")),
            checked=self._checked(),
            key_exchanges=self._names("kexalgorithms"),
            ciphers=self._names("ciphers"),
            macs=self._names("macs"),
            server_keys=self._names("hostkeyalgorithms"),
            user_keys=self._names("pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes"),
            connect_timeout=self._seconds("connecttimeout"),
            attempts=max(1, self._number("connectionattempts")),
            family=self._one("addressfamily"),
            alive_interval=self._number("serveraliveinterval"),
            alive_count=self._number("serveralivecountmax"),
            compression=self._flag("compression"),
            jump=jump,
            rsa_bits=self._number("requiredrsasize", 1024),
            interactive=interactive,
            ca_signatures=tuple(self._one("casignaturealgorithms", "").split(",")),
        )

    # Understood settings

    def _only_understood(self, default: Settings) -> None:
        for name in {**self._settings, **default}:
            values = self._settings.get(name, ())
            if name not in _NEED_NOT_BE_DEFAULT and values != default.get(name, ()):
                # a setting without a default is free text, such as a command, and may hold a secret
                raise _not_understood(name, values if name in default else ())
        if not _NAME.fullmatch(self._address):
            raise NotUnderstoodError("the address is no name and no address")
        if "%" in self._user or ("%" in self._name and not _is_address(self._name)):
            raise NotUnderstoodError("ssh option user or hostkeyalias has a token in it")
        self._check("requesttty", ("auto", *_YES, *_NO))  # without "force" there is no terminal, since there is input
        self._check("pubkeyauthentication", (*_YES, *_NO, "unbound", "host-bound"))
        if "localcommand" in self._settings and self._flag("permitlocalcommand"):
            raise _not_understood("localcommand", ())
        if self._one("gssapiauthentication", "no") in _YES and self._one("gssapidelegatecredentials", "no") in _YES:
            raise _not_understood("gssapidelegatecredentials", self._settings["gssapidelegatecredentials"])
        self._rekeying()
        self._addressing()

    def _check(self, name: str, allowed: t.Container[str]) -> None:
        if self._one(name) not in allowed:
            raise _not_understood(name, self._settings[name])

    def _rekeying(self) -> None:
        value = self._one("rekeylimit", "0 0")
        size, _blank, seconds = value.partition(" ")
        for limit, least in ((size, REKEY_BYTES), (seconds, REKEY_SECONDS)):
            if not limit.isdecimal() or 0 < int(limit) < least:
                raise _not_understood("rekeylimit", (value,))

    def _addressing(self) -> None:
        """Check settings about the addresses of a name, which have no effect if the host is given by its address."""
        if _is_address(self._address) and str(ipaddress.ip_address(self._address)) == self._address:
            family = "inet6" if ":" in self._address else "inet"
            self._check("addressfamily", ("any", family))
        else:
            self._check("addressfamily", ("any", "inet", "inet6"))
            # CheckHostIP would also compare with the known key of the address
            if "hostkeyalias" not in self._settings and "proxyjump" not in self._settings:
                self._check("checkhostip", _NO)

    # Authentication

    def _methods(self) -> list[str] | None:
        """The ways to authenticate that may be tried, None for all."""
        wanted = self._one("preferredauthentications", "")
        methods = wanted.split(",") if wanted else None
        if self._one("pubkeyauthentication") in _NO:
            methods = [name for name in methods or _METHODS if name != "publickey"]
        return methods

    def _password_may_be_sent(self, methods: list[str] | None) -> None:
        if not self._flag("passwordauthentication"):
            raise NotUnderstoodError("a password is given, and ssh option passwordauthentication=no")
        if self._flag("batchmode") or self._number("numberofpasswordprompts") < 1:
            raise NotUnderstoodError(
                "a password is given, and ssh option batchmode or numberofpasswordprompts forbids it"
            )
        order = [name for name in methods or _METHODS if name in _METHODS]
        if "password" not in order or order != sorted(order, key=_METHODS.index):
            raise _not_understood("preferredauthentications", (",".join(order),))

    def _identities(self) -> tuple[str, ...]:
        paths = [self._path(value) for value in self._settings.get("identityfile", ()) if value != "none"]
        return tuple(os.path.abspath(path) for path in paths if self._around.exists(path))

    def _agent(self) -> str | None:
        value = self._one("identityagent", "SSH_AUTH_SOCK")
        if value == "none":
            return None
        if value.startswith("$") and not value.startswith("${"):
            return self._around.environment.get(value[1:]) or None
        if value == "SSH_AUTH_SOCK":
            return self._around.environment.get(value) or None
        return os.path.abspath(self._path(value))

    # The server's key

    def _checked(self) -> bool:
        value = self._one("stricthostkeychecking")
        if value in _NO:
            return False
        self._check("stricthostkeychecking", (*_YES, "ask", "accept-new"))
        return True

    def _files(self, name: str) -> tuple[str, ...]:
        found = []
        for word in self._one(name).split():
            if word != "none":
                path = self._path(word)
                if not os.path.isabs(path):  # or the second half of a path with a blank in it
                    raise NotUnderstoodError(f"ssh option {name} has a path that is relative, or has a blank in it")
                found.append(path)
        return tuple(path for path in found if self._around.exists(path))

    # Values

    def _one(self, name: str, default: str | None = None) -> str:
        values = self._settings.get(name, ())
        if len(values) == 1:
            return values[0]
        if values or default is None:
            raise NotUnderstoodError(f"ssh -G says nothing of {name}, or more than one thing")
        return default

    def _flag(self, name: str) -> bool:
        self._check(name, (*_YES, *_NO))
        return self._one(name) in _YES

    def _number(self, name: str, default: int | None = None) -> int:
        value = self._one(name, None if default is None else str(default))
        if not value.isdecimal():
            raise _not_understood(name, (value,))
        return int(value)

    def _seconds(self, name: str) -> float | None:
        return None if self._one(name) == "none" else self._number(name) or None

    def _names(self, *names: str) -> tuple[str, ...]:
        """A list of algorithms. names: the setting's names in different versions of OpenSSH."""
        for name in names:
            if name in self._settings:
                return tuple(self._one(name).split(","))
        raise NotUnderstoodError(f"ssh -G says nothing of {names[0]}")

    def _path(self, text: str) -> str:
        """A path after ssh's expansion of home directories, tokens and variables."""
        home = self._around.home
        tokens = {
            "%": "%",
            "d": home,
            "h": self._address,
            "k": self._name,
            "n": self._asked,
            "p": str(self._port),
            "r": self._user,
        }

        def expand(found: re.Match[str]) -> str:
            value = tokens.get(found[1]) if found[2] is None else self._around.environment.get(found[2])
            if value is None:
                raise NotUnderstoodError(f"a path in the configuration of ssh has {found[0]} in it")
            return value

        path = _TOKEN.sub(expand, text)
        if path == "~" or path.startswith("~/"):
            return home + path[1:]
        if path.startswith("~"):
            raise NotUnderstoodError("a path in the configuration of ssh begins in the home of another user")
        return path


def _not_understood(name: str, values: tuple[str, ...]) -> NotUnderstoodError:
    value = " ".join(values)
    return NotUnderstoodError(f"ssh option {name}{f'={value}' if _SHOWN.fullmatch(value) else ''}")


def _allows(methods: list[str] | None, name: str) -> bool:
    return methods is None or name in methods


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@functools.cache
def _patterns(values: tuple[str, ...]) -> re.Pattern[str]:
    """Compile ssh's patterns. Only `*` and `?` are special, unlike in fnmatch."""
    quoted = [re.escape(word).replace(r"\*", ".*").replace(r"\?", ".") for value in values for word in value.split()]
    return re.compile("|".join(quoted) or "(?!)", re.DOTALL)
