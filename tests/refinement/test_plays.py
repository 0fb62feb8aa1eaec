"""What each strategy answers, and what it counts as sampled."""

from tests.refinement.scripted import (
    ScriptedEngine,
    ScriptedJudge,
    by_line,
    desk_of,
    drafts_by,
    played,
    problem,
)

ONE, TWO = problem("one?", "1"), problem("two?", "2")
DRAFTS = {
    "one?": ["a\n#### 7", "b\n#### 1", "c\n#### 1", "d\n#### 7"],
    "two?": ["#### 5", "no idea", "e f g\n#### 2", "h\n#### 5"],
}


def desk(judges=None, samples=4, drafts=DRAFTS, greedy=None, **roles):
    engines = {"model": ScriptedEngine(drafts_by(drafts, greedy=greedy)), **roles}
    return desk_of([ONE, TWO], engines, judges, samples=samples)


def said(picks):
    return {question: pick.chosen.text for question, pick in picks.items()}


def spent(picks):
    return {question: pick.tokens for question, pick in picks.items()}


def is_asked(text):
    """Refiners' and critics' prompts begin otherwise than a question."""
    return text.startswith("Please")


class TestVotes:
    def test_the_answer_of_most_drafts_wins_and_a_tie_goes_to_the_first(self):
        picks = played(desk(), "majority")
        assert said(picks) == {"one?": "a\n#### 7", "two?": "#### 5"}
        assert said(played(desk(), "majority-3")) == {"one?": "b\n#### 1", "two?": "#### 5"}

    def test_all_drafts_that_voted_count_as_sampled(self):
        assert spent(played(desk(), "majority")) == {"one?": 12, "two?": 12}
        assert spent(played(desk(), "majority-2")) == {"one?": 6, "two?": 4}

    def test_without_any_vote_the_first_draft_is_the_answer(self):
        silent = {"one?": ["hm", "so", "no", "or"], "two?": ["hm", "so", "no", "or"]}
        assert said(played(desk(drafts=silent), "majority"))["one?"] == "hm"

    def test_weights_can_turn_a_vote(self):
        orm = ScriptedJudge(by_line(a=0.2, b=0.9, c=0.9, d=0.2, h=0.1, e=0.8))
        heavy = ScriptedJudge(lambda text: [0.1 if "7" in text or "5" in text else 0.9])
        assert said(played(desk({"orm": heavy}), "weighted-majority:orm")) == {
            "one?": "b\n#### 1",
            "two?": "e f g\n#### 2",
        }
        assert orm.seen == []


SCORES = {"a": [0.9, 0.2], "b": [0.5, 0.5], "c": [0.1, 0.95], "d": [0.6, 0.35]}


class TestBestOf:
    def judge(self):
        return ScriptedJudge(lambda text: SCORES.get(text[0], [0.0, 0.0]))

    def best(self, by):
        name = by.partition("-")[0]
        return said(played(desk({name: self.judge()}), f"best-of:{by}"))["one?"][0]

    def test_each_way_to_join_step_scores_has_its_own_best(self):
        # last: c 0.95; min: b 0.5; mean: a 0.55 against c 0.525; product: b 0.25
        assert self.best("sorm-last") == "c"
        assert self.best("sorm-min") == "b"
        assert self.best("sorm-mean") == "a"
        assert self.best("sorm-product") == "b"
        assert self.best("orm") == "c"
        assert self.best("critic") == "c"

    def test_of_equal_scores_the_first_draft_wins(self):
        even = ScriptedJudge(lambda text: [0.5])
        assert said(played(desk({"orm": even}), "best-of:orm"))["one?"] == DRAFTS["one?"][0]

    def test_a_scorer_reads_each_draft_once_whoever_asks(self):
        judge = self.judge()
        work = desk({"orm": judge})
        for name in ("best-of:orm", "weighted-majority:orm", "best-of-2:orm"):
            played(work, name)
        assert sorted(judge.seen) == sorted(t for texts in DRAFTS.values() for t in texts)


class TestSharing:
    def test_drafts_are_sampled_once_and_greedy_ones_once(self):
        engine = ScriptedEngine(drafts_by(DRAFTS))
        work = desk_of([ONE, TWO], {"model": engine}, {"orm": ScriptedJudge(lambda t: [0.5])})
        for name in ("greedy", "majority", "majority-2", "best-of:orm", "greedy"):
            played(work, name)
        assert [(len(c), s.samples, s.temperature) for c, s in engine.asked] == [
            (2, 1, 0.0),
            (2, 4, 0.7),
        ]

    def test_models_take_turns_and_are_closed(self):
        engines = {
            "model": ScriptedEngine(drafts_by(DRAFTS)),
            "global_refiner": ScriptedEngine(lambda messages, sample, sampling: "#### 1"),
        }
        work = desk_of([ONE, TWO], engines)
        played(work, "global")
        assert engines["model"].closed == 1
        work.writer.models.close()
        assert engines["global_refiner"].closed == 1


class TestGlobal:
    def test_every_draft_is_rewritten_right_ones_too(self):
        refiner = ScriptedEngine(
            lambda m, i, s: "so\n#### 2" if "two?" in m[0].content else "#### 3"
        )
        picks = played(desk(greedy={"one?": "x y\n#### 1"}, global_refiner=refiner), "global")
        assert said(picks) == {"one?": "#### 3", "two?": "so\n#### 2"}
        assert {q: p.chosen.is_right for q, p in picks.items()} == {"one?": False, "two?": True}
        # one?: draft 4 and rewriting 2; two?: draft 2 and rewriting 3.
        assert spent(picks) == {"one?": 6, "two?": 5}
        assert all(text.startswith("Please rewrite") for text in refiner.texts)
        draft, after = picks["one?"].among
        assert after.response.sampling["refines"] == draft.response.id

    def test_the_oracle_knows_which_drafts_to_leave_alone(self):
        refiner = ScriptedEngine(lambda m, i, s: "#### 3")
        pick = played(desk(greedy={"one?": "#### 1"}, global_refiner=refiner), "global")["one?"]
        assert not pick.chosen.is_right
        assert pick.oracle().chosen.text == "#### 1"
        assert pick.oracle().tokens == pick.tokens


class TestLocal:
    DRAFT = "good step\nbad step\n#### 7"

    def work(self, refiner, **scores):
        sorm = ScriptedJudge(by_line(**scores))
        return desk({"sorm": sorm}, greedy={"one?": self.DRAFT}, local_refiner=refiner)

    def test_the_draft_is_kept_up_to_the_first_step_below_the_threshold(self):
        refiner = ScriptedEngine(lambda m, i, s: "better\n#### 1")
        picks = played(self.work(refiner, bad=0.3, hash=0.1), "local:sorm")
        assert said(picks)["one?"] == "good step\nbetter\n#### 1"
        (asked,) = [t for t in refiner.texts if "one?" in t]
        assert "good step\n[BAD] bad step\n#### 7" in asked
        assert picks["one?"].tokens == 6 + 3
        assert picks["one?"].chosen.response.n_tokens == 3
        assert picks["one?"].chosen.response.sampling["from_step"] == 1

    def test_a_draft_without_a_step_below_the_threshold_stays(self):
        refiner = ScriptedEngine(lambda m, i, s: "better\n#### 1")
        picks = played(self.work(refiner), "local:sorm")
        assert said(picks) == {"one?": self.DRAFT, "two?": "#### 5"}
        assert picks["one?"].tokens == 6
        assert refiner.asked == []

    def test_the_critic_can_name_the_place_and_its_words_count(self):
        critic = ScriptedEngine(
            lambda m, i, s: (
                "The first mistake is in step 2. Conclusion: wrong"
                if "one?" in m[0].content
                else "All fine. Conclusion: right"
            )
        )
        refiner = ScriptedEngine(lambda m, i, s: "better\n#### 1")
        work = desk(greedy={"one?": self.DRAFT}, critic=critic, local_refiner=refiner)
        picks = played(work, "local:critic")
        assert said(picks) == {"one?": "good step\nbetter\n#### 1", "two?": "#### 5"}
        assert spent(picks) == {"one?": 6 + 9 + 3, "two?": 2 + 4}


class TestCritiqueThenRefine:
    def test_it_goes_on_until_the_critic_says_right_at_most_n_rounds(self):
        critic = ScriptedEngine(
            lambda m, i, s: "Conclusion: right" if "#### 1" in m[0].content else "Conclusion: wrong"
        )
        versions = {"#### 7": "now\n#### 8", "#### 8": "then\n#### 1", "#### 5": "#### 5"}
        refiner = ScriptedEngine(
            lambda m, i, s: next(v for k, v in versions.items() if k in m[0].content)
        )
        work = desk(critic=critic, global_refiner=refiner)
        picks = played(work, "critique-then-refine-3")
        assert said(picks) == {"one?": "then\n#### 1", "two?": "#### 5"}
        # a #### 7 (3), three critiques (2 each), two rewritings (3 each)
        assert picks["one?"].tokens == 3 + 2 + 3 + 2 + 3 + 2
        assert len(picks["one?"].among) == 3
        assert "Critique:\nConclusion: wrong" in refiner.texts[0]
        once = played(work, "critique-then-refine-1")
        assert said(once)["one?"] == "now\n#### 8"
        assert once["one?"].tokens == 3 + 2 + 3

    def test_a_critique_that_cannot_be_read_changes_nothing(self):
        critic = ScriptedEngine(lambda m, i, s: "who knows")
        refiner = ScriptedEngine(lambda m, i, s: "#### 1")
        picks = played(desk(critic=critic, global_refiner=refiner), "critique-then-refine")
        assert said(picks)["one?"] == DRAFTS["one?"][0]
        assert picks["one?"].tokens == 3 + 2
        assert refiner.asked == []

    def test_without_a_refiner_the_model_itself_follows_critiques(self):
        def model(messages, sample, sampling):
            if is_asked(messages[0].content):
                return "as told\n#### 1"
            return drafts_by(DRAFTS)(messages, sample, sampling)

        critic = ScriptedEngine(lambda m, i, s: "Conclusion: wrong")
        work = desk_of([ONE, TWO], {"model": ScriptedEngine(model), "critic": critic})
        assert said(played(work, "critique-then-refine-1"))["one?"] == "as told\n#### 1"


class TestSelfCritique:
    def test_one_pass_answers_with_what_it_corrected(self):
        def model(messages, sample, sampling):
            if "critique your solution" in messages[0].content:
                return "#### 7\nThat is wrong.\nCorrected solution:\nso\n#### 1"
            return drafts_by(DRAFTS)(messages, sample, sampling)

        picks = played(desk_of([ONE], {"model": ScriptedEngine(model)}), "self-critique")
        assert said(picks) == {"one?": "so\n#### 1"}
        assert picks["one?"].tokens == 10

    def test_two_stages_draw_again_until_the_model_is_content_and_share_the_drafts(self):
        def model(messages, sample, sampling):
            text = messages[0].content
            if is_asked(text):
                verdict = "Correct" if "#### 1" in text else "Incorrect"
                return f"Critique Conclusion: {verdict}"
            return drafts_by(DRAFTS)(messages, sample, sampling)

        engine = ScriptedEngine(model)
        work = desk_of([ONE, TWO], {"model": engine}, samples=4)
        picks = played(work, "self-critique:two-stage")
        # greedy a, then sampled a and b; b is accepted. two? never is: its last draft stays.
        assert said(picks) == {"one?": "b\n#### 1", "two?": "h\n#### 5"}
        assert [one.text[0] for one in picks["one?"].among] == ["a", "a", "b"]
        # greedy and sampled `a` are different draws; the critique of their one text is asked once.
        assert picks["one?"].tokens == 3 + 3 + 3 + 3 + 3
        played(work, "majority")
        assert sum(s.temperature > 0 for _, s in engine.asked) == 1
        asked = [text for text in engine.texts if is_asked(text)]
        assert len(asked) == 5
        assert all(t.endswith("'Critique Conclusion: Correct/Incorrect'.") for t in asked)


class TestGlore:
    def work(self, orm):
        return desk(
            {"orm": ScriptedJudge(orm), "sorm": ScriptedJudge(by_line(bad=0.1))},
            greedy={"one?": "good\nbad\n#### 7", "two?": "#### 2"},
            global_refiner=ScriptedEngine(lambda m, i, s: "whole\n#### 3"),
            local_refiner=ScriptedEngine(lambda m, i, s: "part\n#### 1"),
        )

    def test_the_orm_chooses_among_draft_global_and_local(self):
        values = {"bad": 0.2, "whole": 0.5, "part": 0.8}
        orm = lambda text: [next((v for w, v in values.items() if w in text), 0.9)]  # noqa: E731
        picks = played(self.work(orm), "glore")
        assert said(picks) == {"one?": "good\npart\n#### 1", "two?": "#### 2"}
        # draft 4, rewriting 3, continuation 3; the draft counts once. two? has no continuation.
        assert spent(picks) == {"one?": 10, "two?": 5}
        assert [one.text for one in picks["two?"].among] == ["#### 2", "whole\n#### 3", "#### 2"]

    def test_its_oracle_takes_a_right_one_wherever_it_is(self):
        picks = played(self.work(lambda text: [1.0 if "whole" in text else 0.0]), "glore")
        assert said(picks) == {"one?": "whole\n#### 3", "two?": "whole\n#### 3"}
        assert {q: p.oracle().chosen.text for q, p in picks.items()} == {
            "one?": "good\npart\n#### 1",
            "two?": "#### 2",
        }

    def test_any_strategies_can_be_chosen_from(self):
        work = self.work(lambda text: [1.0 if "whole" in text else 0.5])
        picks = played(work, "majority/global+orm")
        assert said(picks)["one?"] == "whole\n#### 3"
        assert picks["one?"].tokens == 12 + 4 + 3
