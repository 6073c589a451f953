#include <algorithm>
#include <string_view>

#include <fmt/core.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/cli/completion.h"
#include "common/cli/system.h"
#include "common/system/process.h"

namespace workbook::cli {

namespace {

using Commands = std::vector<CompletedCommand>;

std::string words_of(const Candidates& candidates) { return fmt::format("{}", fmt::join(candidates, " ")); }

/// `text` with a backslash before each of these characters.
std::string escaped(const std::string& text, std::string_view characters) {
  std::string result;
  for (const char c : text) {
    if (characters.find(c) != characters.npos) result += '\\';
    result += c;
  }
  return result;
}

std::string replaced(std::string text, const std::string& mark, const std::string& value) {
  for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at + value.size()))
    text.replace(at, mark.size(), value);
  return text;
}

constexpr const char* kBash =
    R"(# Completion of the Attention Workbook's commands, in bash. In this shell: source <(@SELF@ completion bash)
# In every shell: @SELF@ completion bash >~/.local/share/bash-completion/completions/workbook

# What a command takes: its options, and the candidates of each place; the last place may be taken repeatedly.
_workbook_command() { # COMMAND
  options='' places=() repeated=
  case $1 in
@COMMANDS@  esac
}

# Fails if the option takes no value.
_workbook_values() { # COMMAND OPTION
  candidates=
  case "$1 $2" in
@VALUES@    *) return 1 ;;
  esac
}

_workbook_offer() { # CURRENT_WORD CANDIDATE...
  local current=$1 candidate number name words=()
  shift
  for candidate in "$@"; do
    case $candidate in
      @files)
        compopt -o filenames 2>/dev/null
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current")
        ;;
      @lessons | @numbers)
        while IFS=$'\t' read -r number name _; do
          words+=("$number")
          [ "$candidate" = @numbers ] || words+=("$name")
        done < <("$workbook" completion lessons 2>/dev/null)
        ;;
      *) words+=("$candidate") ;;
    esac
  done
  mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "${words[*]}" -- "$current")
}

_workbook() {
  local workbook=${1//[\\\"\']/} current=${COMP_WORDS[COMP_CWORD]} command='' valued='' word
  local options places repeated candidates place=0 i
  workbook=${workbook/#\~/$HOME} COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if [ "$word" = = ]; then # --option=value is three words
      continue
    elif [ -n "$valued" ]; then
      valued=
    elif [[ $word == -* ]]; then
      if _workbook_values "$command" "$word"; then valued=$word; fi
    elif [ -z "$command" ]; then
      command=$word
    else
      place=$((place + 1))
    fi
  done
  [ "$current" != = ] || current=
  _workbook_command "$command"
  if [ -n "$valued" ]; then
    _workbook_values "$command" "$valued"
  elif [[ $current == -* ]]; then
    candidates=$options
  else
    [ -z "$repeated" ] || [ "$place" -lt "${#places[@]}" ] || place=$((${#places[@]} - 1))
    candidates=${places[place]-}
  fi
  # shellcheck disable=SC2086 # several candidates
  _workbook_offer "$current" $candidates
}

complete -F _workbook workbook
)";

constexpr const char* kZsh = R"(#compdef workbook
# Completion of the Attention Workbook's commands, in zsh. In this shell: source <(@SELF@ completion zsh)
# In every shell: @SELF@ completion zsh >_workbook, in a folder that $fpath names

_workbook_offer() { # CANDIDATE...
  local candidate number name title
  local -a words
  for candidate in "$@"; do
    case $candidate in
      (@files) _files ;;
      (@lessons|@numbers)
        while IFS=$'\t' read -r number name title; do
          words+=("$number:$name, ${title//:/\\:}")
          [[ $candidate = @numbers ]] || words+=("$name:$number, ${title//:/\\:}")
        done < <("$workbook" completion lessons 2>/dev/null)
        ;;
      (*) words+=("$candidate") ;;
    esac
  done
  (( ! $#words )) || _describe candidate words
}

_workbook() {
  local workbook=${${(Q)words[1]}/#\~/$HOME} curcontext=$curcontext state line
  local -a commands
  commands=(
@COMMANDS@  )
  _arguments -C '(- *)'{-h,--help}'[print the help]' '1: :{_describe command commands}' '*:: :->rest'
  [[ $state = rest ]] || return
  case $words[1] in
@ARGUMENTS@  esac
}

(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
if [[ $zsh_eval_context[-1] = loadautofunc ]]; then _workbook "$@"; else compdef _workbook workbook; fi
)";

constexpr const char* kFish =
    R"(# Completion of the Attention Workbook's commands, in fish. In this shell: @SELF@ completion fish | source
# In every shell: @SELF@ completion fish >~/.config/fish/completions/workbook.fish

# What was typed: the command, and how many words stand after it that are neither options nor their values.
function __workbook_typed
    set -l command ''
    set -l place 0
    set -l valued no
    for word in (commandline -opc)[2..-1]
        if test $valued = yes
            set valued no
        else if string match -q -- '-*' $word
            if contains -- "$command $word" @VALUED@
                set valued yes
            end
        else if test -z "$command"
            set command $word
        else
            set place (math $place + 1)
        end
    end
    echo $command
    echo $place
end

function __workbook_command -a command
    test (__workbook_typed)[1] = "$command"
end

function __workbook_place -a command place repeated
    set -l typed (__workbook_typed)
    test "$typed[1]" = $command; and test $typed[2] -eq $place -o \( -n "$repeated" -a $typed[2] -ge $place \)
end

function __workbook_offer
    set -l workbook (string replace -r '^~' $HOME -- (commandline -opc)[1])
    for candidate in $argv
        switch $candidate
            case @files
                __fish_complete_path (commandline -ct)
            case @lessons @numbers
                command -q $workbook; or continue
                $workbook completion lessons 2>/dev/null | while read -l -d \t number name title
                    printf '%s\t%s\n' $number "$name, $title"
                    test $candidate = @numbers; or printf '%s\t%s\n' $name "$number, $title"
                end
            case '*'
                echo $candidate
        end
    end
end

complete -c workbook -e
complete -c workbook -f
complete -c workbook -n '__workbook_command ""' -s h -l help -d 'print the help'
@COMMANDS@)";

std::string filled_in(std::string script, const std::string& self,
                      const std::vector<std::pair<std::string, std::string>>& marks) {
  script = replaced(std::move(script), "@SELF@", shell_quoted(self));
  for (const auto& [mark, value] : marks) script = replaced(std::move(script), mark, value);
  return script;
}

/// In fish, a quotation mark and a backslash are escaped inside quotation marks.
std::string fish_quoted(const std::string& text) { return "'" + escaped(text, "\\'") + "'"; }

std::string zsh_action(const std::string& what, const Candidates& candidates) {
  const std::string action = candidates.empty() ? " " : "{_workbook_offer " + words_of(candidates) + "}";
  return ":" + escaped(what, "\\:") + ":" + action;
}

}  // namespace

std::string bash_completion(const Commands& commands, const std::string& self) {
  std::string cases, values;
  std::vector<std::string> names;
  for (const CompletedCommand& command : commands) {
    names.push_back(command.name);
    std::vector<std::string> options, places;
    for (const CompletedOption& option : command.options) {
      options.insert(options.end(), option.names.begin(), option.names.end());
      if (!option.takes_value) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names) patterns.push_back(shell_quoted(command.name + " " + name));
      values +=
          fmt::format("    {}) candidates={} ;;\n", fmt::join(patterns, " | "), shell_quoted(words_of(option.values)));
    }
    for (const CompletedPlace& place : command.places) places.push_back(shell_quoted(words_of(place.candidates)));
    const bool repeated = !command.places.empty() && command.places.back().repeatable;
    cases += fmt::format("    {}) options={} places=({}){} ;;\n", command.name, shell_quoted(words_of(options)),
                         fmt::join(places, " "), repeated ? " repeated=yes" : "");
  }
  cases += fmt::format("    '') options='-h --help' places=({}) ;;\n", shell_quoted(words_of(names)));
  return filled_in(kBash, self, {{"@COMMANDS@", cases}, {"@VALUES@", values}});
}

std::string zsh_completion(const Commands& commands, const std::string& self) {
  std::string described, arguments;
  for (const CompletedCommand& command : commands) {
    described += "    " + shell_quoted(command.name + ":" + escaped(command.summary, "\\:")) + "\n";
    std::string specs;
    for (const CompletedOption& option : command.options)
      for (const std::string& name : option.names) {
        const std::string others = fmt::format("({})", fmt::join(option.names, " "));
        std::string spec = (option.repeatable ? "*" : others) + name + "[" + escaped(option.help, "\\[]:") + "]";
        if (option.takes_value) spec += zsh_action(name, option.values);
        specs += " " + shell_quoted(spec);
      }
    int place = 0;
    for (const CompletedPlace& one : command.places)
      specs +=
          " " + shell_quoted((one.repeatable ? "*" : std::to_string(++place)) + zsh_action(one.name, one.candidates));
    arguments += fmt::format("    ({}) _arguments{} ;;\n", command.name, specs);
  }
  return filled_in(kZsh, self, {{"@COMMANDS@", described}, {"@ARGUMENTS@", arguments}});
}

std::string fish_completion(const Commands& commands, const std::string& self) {
  std::string lines, valued;
  for (const CompletedCommand& command : commands) {
    lines += fmt::format("complete -c workbook -n '__workbook_command \"\"' -a {} -d {}\n", command.name,
                         fish_quoted(command.summary));
    for (const CompletedOption& option : command.options) {
      std::string line = fmt::format("complete -c workbook -n '__workbook_command {}'", command.name);
      for (const std::string& name : option.names) {
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        if (option.takes_value) valued += (valued.empty() ? "" : " ") + shell_quoted(command.name + " " + name);
      }
      if (option.takes_value) line += fmt::format(" -x -a '(__workbook_offer {})'", words_of(option.values));
      lines += line + " -d " + fish_quoted(option.help) + "\n";
    }
    int at = 0;
    for (const CompletedPlace& place : command.places)
      lines += fmt::format("complete -c workbook -n '__workbook_place {} {}{}' -a '(__workbook_offer {})'\n",
                           command.name, at++, place.repeatable ? " repeated" : "", words_of(place.candidates));
  }
  return filled_in(kFish, self, {{"@COMMANDS@", lines}, {"@VALUED@", valued}});
}

}  // namespace workbook::cli
